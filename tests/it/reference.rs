//! The reference page is written from the bindings themselves, and is never older than they are.

use crate::support::{Virhai, project};

#[test]
fn the_reference_page_is_up_to_date() {
    let written = Virhai::new().args(["doc", "--markdown"]).any_stdout().run().stdout();
    let kept = std::fs::read_to_string(project("docs/reference.md")).unwrap_or_default();
    assert!(written == kept, "docs/reference.md is stale: run `make docs` and look at the difference");
}
