//! `docs/virsh-coverage.md`: what was compared of each command, and what differs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use virhai::virsh::records;

use super::Verdict;

/// Commands that succeed only where libvirt is made to grant them (`tests/lab/granted.c`), and why.
const GRANTED: &[(&str, &str)] = &[
    ("qemu-attach", "libvirt 9 has the call and refuses it always"),
    ("nodesuspend", "no host of the tests may sleep"),
    ("nodesevinfo", "no host of the tests has AMD SEV"),
    ("domsetlaunchsecstate", "a guest takes the secret on a host with AMD SEV only"),
    ("iface-bridge", "the test driver refuses the flag that virsh gives, and udev's driver cannot define"),
    ("iface-unbridge", "the test driver refuses the flag that virsh gives, and udev's driver cannot define"),
    ("nodedev-detach", "it would take a device of the host away"),
    ("nodedev-reattach", "it would need a device that was taken away"),
    ("nodedev-reset", "it would reset a device of the host"),
];

/// Commands that cannot fail: there is nothing that they could refuse.
const ALWAYS: &[&str] = &["exit", "quit"];

/// What the page needs of a case.
pub(super) struct Row {
    line: String,
    world: String,
    succeeded: bool,
    same: bool,
    reason: Option<String>,
}

impl Row {
    pub(super) fn of(verdict: &Verdict) -> Self {
        Self {
            line: verdict.case.line.clone(),
            world: verdict.world.clone(),
            succeeded: verdict.theirs.status == 0,
            same: verdict.is_same(),
            reason: verdict.case.differs.clone(),
        }
    }

    /// Whether the command is one of those in the line.
    fn has(&self, command: &str) -> bool {
        self.line.split([' ', ';', '"', '\'', '|', '&', '(', ')']).any(|word| word == command)
    }
}

/// The page.
pub(super) fn text(rows: &[Row]) -> String {
    let same = rows.iter().filter(|row| row.same).count();
    let mut text = format!(
        "# virsh's commands\n\nWritten by the conformance tests: each command line runs through virsh 9.0.0 and through virhai \
         on equal fresh state,\nand stdout, stderr and the exit status are compared. {same} of {} command lines are the \
         same.\n",
        rows.len()
    );
    for group in records::groups() {
        let _ = write!(
            text,
            "\n## {}\n\n| command | cases | on | options compared |\n|---|---|---|---|\n",
            group.title
        );
        for command in group.commands() {
            text.push_str(&command_row(&command, rows));
        }
    }
    text.push_str(
        "\n## What succeeds only where it is granted\n\nA library between client and libvirt says yes to these, and \
         writes what it was asked for: that is compared, too.\n\n| command | why |\n|---|---|\n",
    );
    for (command, why) in GRANTED {
        let _ = writeln!(text, "| {command} | {why} |");
    }
    text.push_str("\n## What differs\n\n| command line | why |\n|---|---|\n");
    for row in rows.iter().filter(|row| !row.same) {
        let line = row.line.replace('|', "\\|");
        let _ = writeln!(text, "| `{line}` | {} |", row.reason.as_deref().unwrap_or("?"));
    }
    text
}

fn command_row(command: &records::Command, rows: &[Row]) -> String {
    let of: Vec<&Row> = rows.iter().filter(|row| row.has(command.name)).collect();
    let worlds: BTreeSet<&str> = of.iter().map(|row| row.world.as_str()).collect();
    let worlds: Vec<&str> = worlds.into_iter().collect();
    let compared = command.options.iter().filter(|option| {
        let name = format!("--{}", option.name);
        of.iter().any(|row| row.line.split([' ', '=', ';', '"', '\'']).any(|word| word == name))
    });
    let compared: Vec<&str> = compared.map(|option| option.name).collect();
    format!("| {} | {} | {} | {} |\n", command.name, of.len(), worlds.join(", "), compared.join(", "))
}

/// The commands of which no case succeeds or none fails, but for those that cannot fail.
pub(super) fn lacking(rows: &[Row]) -> Vec<String> {
    let has =
        |name: &str, succeeded: bool| rows.iter().any(|row| row.has(name) && row.succeeded == succeeded);
    let mut lacking = Vec::new();
    for command in records::commands().filter(|command| command.since.is_none()) {
        let name = command.name;
        if !has(name, true) {
            lacking.push(format!("{name} (succeeds)"));
        }
        if !has(name, false) && !ALWAYS.contains(&name) {
            lacking.push(format!("{name} (fails)"));
        }
    }
    lacking
}
