//! Completion in shells: what they are told, and that nobody is asked anything.

use std::process::Command;
use std::time::Duration;

use crate::support::Virhai;
use crate::support::process::run;

/// What a shell is answered for a line.
fn answer(shell: &str, line: &str) -> Vec<String> {
    let output = Virhai::new().args(["__complete", shell, line]).any_stdout().run().stdout();
    output.lines().map(str::to_owned).collect()
}

#[test]
fn commands_options_and_live_names_are_answered() {
    assert_eq!(answer("bash", "virhai virsh net-desc"), ["net-desc"]);
    assert_eq!(answer("bash", "virhai virsh -c test:///default dumpxml te"), ["test"]);
    assert_eq!(answer("bash", "virhai virsh -c test:///default dumpxml --domain=te"), ["test"]);
    assert!(answer("fish", "virhai virsh list --al")[0].starts_with("--all\t"));
    assert!(answer("zsh", "virhai virsh list --al")[0].starts_with("--all:"));
    assert_eq!(answer("bash", "virhai comp"), ["completions"]);
}

#[test]
fn a_connection_that_asks_or_cannot_be_opened_gives_no_names() {
    let node = "<node><auth><user password='x'>joe</user></auth></node>";
    let virhai = Virhai::new().file("node.xml", node);
    let line = format!("virhai virsh -c test://{}/node.xml dumpxml ", virhai.work().display());
    let output = virhai.args(["__complete", "bash", &line]).any_stdout().run().stdout();
    assert!(output.lines().all(|word| word.starts_with("--")), "{output}");
    let names = answer("bash", "virhai virsh -c qemu+unix:///system?socket=/no/such start x");
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn bash_reads_the_script() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_virhai"));
    let mut bash = Command::new("bash");
    bash.args(["-c", "source <(virhai completions bash); COMP_LINE=\"$1\"; COMP_POINT=${#1}; _virhai; echo \"${COMPREPLY[@]}\"", "-"]);
    bash.arg("virhai virsh -c test:///default domst");
    bash.env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()));
    let output = run(bash, Duration::from_secs(60));
    assert_eq!(output.stdout(), "domstate domstats\n", "{}", output.stderr());
}
