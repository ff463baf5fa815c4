import pytest

from allocator.case import inputs
from allocator.files import load_case
from allocator.ui import state, terms
from models.assumptions import InputFaultsError


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_what_is_shown_reads_back_as_the_value_of_the_case(name):
    for item in inputs(load_case(name)):
        if isinstance(item.value, float):
            kept = terms.scale(terms.field_name(item.path), item.declaration.unit)
            assert kept.read(kept.shown(item.value)) == item.value


def test_no_label_is_a_field_name():
    for item in inputs(load_case("brownfield")):
        assert "_" not in terms.label(terms.field_name(item.path))


def test_every_input_explains_itself_with_meaning_and_source():
    for item in inputs(load_case("river-bend")):
        text = terms.help_text(item, item.declaration.unit)
        assert terms.plain(item.declaration.meaning) in text
        assert f"Source ({item.status})" in text


def test_an_upload_that_is_too_large_is_refused():
    with pytest.raises(InputFaultsError, match="is larger than"):
        state.document_in("case.toml", b"#" * 2_000_001)


def test_an_upload_that_is_not_toml_is_refused():
    with pytest.raises(InputFaultsError, match="is not TOML"):
        state.document_in("case.toml", b"not a case")
