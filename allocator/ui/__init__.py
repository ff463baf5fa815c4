"""The Streamlit pages: what people see and edit. No economics: every figure comes from ``allocator`` or ``models``."""
