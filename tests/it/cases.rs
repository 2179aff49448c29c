//! Script cases and transcripts: files that are run and files that say what must come out.

use crate::support::{Virhai, cases, project, transcripts};

#[test]
fn every_script_case_writes_what_its_files_say() {
    let faults = cases::run_all(&project("tests/cases"), Virhai::new);
    assert!(faults.is_empty(), "{} cases failed\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn no_case_lacks_its_expected_file() {
    let mut strays = cases::strays(&project("tests/cases"));
    strays.extend(transcripts::strays(&project("tests/transcripts")));
    assert!(
        strays.is_empty(),
        "{}\nVIRHAI_REWRITE=1 cargo test makes the missing .out files",
        strays.join("\n")
    );
}
