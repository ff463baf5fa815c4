"""Entry of the pages: the frame and the list of pages, nothing else. Run with ``allocator app``."""

PAGES = "allocator/ui/pages"

if __name__ == "__main__":  # workers beside the pages import this file too, and need nothing of it
    import streamlit as st

    from allocator.ui import state
    from allocator.ui.access import admitted

    st.set_page_config(
        page_title="Megawatt allocator",
        layout="wide",
        initial_sidebar_state="expanded",
    )
    if admitted():
        page = st.navigation(
            [
                st.Page(f"{PAGES}/recommendation.py", title="Recommendation", default=True),
                st.Page(f"{PAGES}/cash_flows.py", title="Cash flows"),
                st.Page(f"{PAGES}/why.py", title="Why"),
                st.Page(f"{PAGES}/risk.py", title="Risk"),
                st.Page(f"{PAGES}/sites.py", title="Sites"),
                st.Page(f"{PAGES}/leases.py", title="Leases"),
                st.Page(f"{PAGES}/market.py", title="Market"),
                st.Page(f"{PAGES}/compare.py", title="Compare"),
                st.Page(f"{PAGES}/export.py", title="Export"),
                st.Page(f"{PAGES}/method.py", title="Method"),
            ],
            position="top",
        )
        with state.drawing(page.title):
            page.run()
