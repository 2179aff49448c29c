//! What becomes of a run when the machine or the host is in trouble.

use super::World;
use crate::support::{Need, SmallDisk, Virhai, lab_or_skip};

/// Kept of the output of one run, in bytes.
const OUTPUT_LIMIT: usize = 1 << 20;

/// The job's run with its record on a disk of its own.
fn on_disk(world: &World, disk: &SmallDisk) -> Virhai {
    world.run(&[]).env("STATE_DIRECTORY", disk.path().join("state"))
}

fn history(world: &World, disk: &SmallDisk) -> String {
    let virhai = world.virhai().env("STATE_DIRECTORY", disk.path().join("state"));
    virhai
        .args(["history", "-o", "csv", "--no-headers", "--columns", "outcome,changes"])
        .any_stdout()
        .run()
        .stdout()
}

/// The rule for a record that cannot be written, while `break_it` has done its work and until `mend` has.
fn assert_policy_decides(disk: &SmallDisk, why: &str, break_it: impl Fn(), mend: impl Fn()) {
    let world = World::new(&[], "print(\"ran\")");
    on_disk(&world, disk).stdout("ran\n").run();
    break_it();
    world.write(&["record = \"required\""], "print(\"ran\")");
    let said = on_disk(&world, disk).status(1).stdout("").run().stderr();
    assert!(said.contains(why) && said.contains("nothing is started that cannot be recorded"), "{said}");
    world.write(&["record = \"best-effort\""], "print(\"ran\")");
    let said = on_disk(&world, disk).stdout("ran\n").run().stderr();
    assert!(said.contains("are not recorded") && said.contains(why), "{said}");
    mend();
    on_disk(&world, disk).stdout("ran\n").run();
    assert_eq!(history(&world, disk), "done,0\ndone,0\n");
}

#[test]
fn with_a_full_disk_the_rule_for_the_record_decides() {
    lab_or_skip!(Need::Root);
    let disk = SmallDisk::mount("1m");
    let mend = || std::fs::remove_file(disk.path().join("filling")).unwrap();
    assert_policy_decides(&disk, "full", || disk.fill(), mend);
}

#[test]
fn with_a_state_folder_that_is_read_only_the_rule_for_the_record_decides() {
    lab_or_skip!(Need::Root);
    let disk = SmallDisk::mount("1m");
    assert_policy_decides(&disk, "read-only", || disk.set("ro"), || disk.set("rw"));
}

#[test]
fn a_disk_that_gets_full_meanwhile_stops_the_changes_where_the_record_is_required() {
    lab_or_skip!(Need::Root);
    let disk = SmallDisk::mount("1m");
    let world = World::new(&[], "");
    let code = format!(
        "domain(\"test\").suspend();
         {} while !fs::exists(\"{}\") {{ sleep(0.02) }}
         domain(\"test\").resume();",
        world.touch("begun"),
        world.path("go on").display()
    );
    world.write(&["record = \"required\""], &code);
    let run = on_disk(&world, &disk).status(1).start();
    world.wait_for("begun");
    disk.fill();
    std::fs::write(world.path("go on"), "").unwrap();
    let said = run.finish().stderr();
    assert!(said.contains("domain.resume test: not done: its record is required"), "{said}");
    std::fs::remove_file(disk.path().join("filling")).unwrap();
    // What was recorded before is there, and the next run is recorded again.
    world.write(&["record = \"required\""], "print(1)");
    on_disk(&world, &disk).stdout("1\n").run();
    let told = history(&world, &disk);
    assert!(told.starts_with("done,0\n"), "{told}");
    assert!(told.contains("interrupted,") || told.contains("failed,"), "{told}");
}

#[test]
fn a_host_that_is_not_there_fails_each_attempt_and_the_record_says_why() {
    let uri = "uri = \"qemu+unix:///system?socket=/nowhere/libvirt-sock\"";
    let world = World::new(&[uri, "retry = { count = 1, after = \"100ms\" }"], "print(domains().len())");
    let virhai =
        Virhai::new().env("STATE_DIRECTORY", world.path("state")).env("RUNTIME_DIRECTORY", world.path("run"));
    let said =
        virhai.args(["job", "run", world.script().to_str().unwrap()]).status(3).any_stderr().run().stderr();
    assert!(said.contains("/nowhere/libvirt-sock") && said.contains("failed at attempt 2"), "{said}");
    for run in world.runs() {
        assert_eq!((run["outcome"].as_str(), run["status"].as_i64()), (Some("failed"), Some(3)), "{run}");
        assert!(run["error"].as_str().unwrap().contains("/nowhere/libvirt-sock"), "{run}");
    }
    assert_eq!(world.outcomes().len(), 2);
}

#[test]
fn of_much_output_the_record_keeps_the_beginning_and_the_end() {
    let world = World::new(&[], "for n in 0..60000 { print(`line ${n} of an output that goes on and on`) }");
    let written = world.run(&[]).any_stdout().run().stdout().len();
    assert!(written > 2 * OUTPUT_LIMIT, "{written}");
    let logs = world.virhai().args(["job", "logs", "night"]).any_stdout().run().stdout();
    assert!(logs.contains("line 0 of") && logs.ends_with("line 59999 of an output that goes on and on\n"));
    assert!(logs.contains(" bytes are left out here]\n") && logs.len() < OUTPUT_LIMIT, "{}", logs.len());
}
