//! Running jobs: one at a time, within its deadline, again where it failed, and recorded however it ended.

mod logs;
mod trouble;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::process::lives;
use crate::support::{Daemon, DiskGuest, Need, Virhai, eventually, lab_or_skip};

/// A job, and the folders that its runs use.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// A job `night` with these lines in its block.
    fn new(block: &[&str], code: &str) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        world.write(block, code);
        world
    }

    fn write(&self, block: &[&str], code: &str) {
        let lines: String = block.iter().flat_map(|line| ["//! ", line, "\n"]).collect();
        let text = format!("//! What is done at night.\n//! [job]\n{lines}\n{code}\n");
        std::fs::write(self.script(), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self) -> PathBuf {
        self.path("night.rhai")
    }

    /// virhai with a record, locks and user's units of its own.
    fn virhai(&self) -> Virhai {
        Virhai::new()
            .connect("test:///default")
            .env("STATE_DIRECTORY", self.path("state"))
            .env("RUNTIME_DIRECTORY", self.path("run"))
            .env("XDG_CONFIG_HOME", self.path("config"))
    }

    fn run(&self, args: &[&str]) -> Virhai {
        self.virhai().args(["job", "run"]).arg(self.script().to_str().unwrap()).args(args).any_stderr()
    }

    /// The runs in the record, the newest first.
    fn runs(&self) -> Vec<Value> {
        let text = self.virhai().args(["history", "-o", "json"]).any_stdout().run().stdout();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn outcomes(&self) -> Vec<String> {
        self.runs().iter().map(|run| run["outcome"].as_str().unwrap().to_owned()).collect()
    }

    /// A file that a script makes is there.
    fn wait_for(&self, name: &str) {
        let file = self.path(name);
        eventually(Duration::from_secs(30), name, || file.exists().then_some(()));
    }

    /// The code that makes a file.
    fn touch(&self, name: &str) -> String {
        format!("fs::write({:?}, \"\");", self.path(name).to_str().unwrap())
    }
}

#[test]
fn a_run_is_recorded_with_its_output_its_changes_and_its_status() {
    let world =
        World::new(&[], "print(\"begun\"); domain(\"test\").suspend(); eprint(\"oh\"); exit(args.len())");
    world.run(&["one", "two"]).status(2).stdout("begun\n").run();
    let run = world.runs().remove(0);
    assert_eq!((run["job"].as_str(), run["outcome"].as_str()), (Some("night"), Some("failed")));
    assert_eq!((run["status"].as_i64(), run["changes"].as_i64()), (Some(2), Some(1)));
    assert_eq!(run["arguments"], serde_json::json!(["one", "two"]));
    assert_eq!(run["hosts"], serde_json::json!(["test:///default"]));
    let logs = world.virhai().args(["job", "logs", "night"]).any_stdout().run().stdout();
    assert!(logs.contains("begun\n") && logs.contains("oh\n") && logs.contains("status 2"), "{logs}");
    let by_file = world.virhai().args(["job", "logs", world.script().to_str().unwrap()]).any_stdout().run();
    assert_eq!(by_file.stdout(), logs);
    let list = world.virhai().args(["job", "list", "-o", "json"]).any_stdout().run().stdout();
    assert!(list.contains("\"name\":\"night\"") && list.contains("\"outcome\":\"failed\""), "{list}");
    let show = world.virhai().args(["job", "show", "night", "-o", "json"]).any_stdout().run().stdout();
    assert!(show.contains("What is done at night."), "{show}");
}

#[test]
fn a_run_that_changes_nothing_is_recorded_with_its_host() {
    let world = World::new(&[], "print(domains().len())");
    world.run(&[]).stdout("1\n").run();
    let run = world.runs().remove(0);
    assert_eq!((&run["changes"], &run["hosts"]), (&0.into(), &serde_json::json!(["test:///default"])));
}

#[test]
fn a_run_that_fails_is_tried_again_as_often_as_told() {
    let world = World::new(&["retry = { count = 2, after = \"100ms\" }"], "");
    let tried = world.path("tried");
    let code = format!(
        "let file = {tried:?}; if fs::exists(file) {{ print(\"now\") }} else {{ fs::write(file, \"\"); throw \"not yet\" }}"
    );
    world.write(&["retry = { count = 2, after = \"100ms\" }"], &code);
    world.run(&[]).stdout("now\n").run();
    assert_eq!(world.outcomes(), ["done", "failed"]);
    assert_eq!(world.runs()[0]["attempt"], 2);
    world.write(&["retry = { count = 1, after = \"0.1s\" }"], "throw \"never\"");
    let said = world.run(&[]).status(1).run().stderr();
    assert!(said.contains("attempt 1 of 2") && said.contains("failed at attempt 2"), "{said}");
    assert_eq!(world.outcomes().len(), 4);
}

#[test]
fn a_deadline_tells_the_script_and_ends_it_where_it_does_not_listen() {
    let world = World::new(&["timeout = \"1s\"", "grace = \"1s\""], "sleep(\"600s\");");
    world.run(&[]).status(4).run();
    let run = world.runs().remove(0);
    assert_eq!((run["outcome"].as_str(), run["status"].as_i64()), (Some("timeout"), Some(4)));
    // A script that cleans up without end is ended.
    world.write(&["timeout = \"1s\"", "grace = \"1s\""], "finally(|| sleep(600), || loop { })");
    world.run(&[]).status(4).run();
    assert_eq!(world.outcomes(), ["timeout", "timeout"]);
}

#[test]
fn two_runs_at_once_follow_the_rule_of_overlap() {
    let world = World::new(&[], "");
    let wait = |word: &str| {
        let block = format!("overlap = \"{word}\"");
        let code = format!(
            "if \"first\" in args {{ {} while !fs::exists({:?}) {{ sleep(0.02) }} }} print(args[0]);",
            world.touch("begun"),
            world.path("go on")
        );
        world.write(&[&block, "grace = \"20s\"", "timeout = \"60s\""], &code);
    };

    wait("skip");
    let first = world.run(&["first"]).any_stdout().start();
    world.wait_for("begun");
    let said = world.run(&["second"]).run().stderr();
    assert!(said.contains("skipped: the run of process"), "{said}");
    assert_eq!(world.outcomes(), ["skipped", "running"]);
    std::fs::write(world.path("go on"), "").unwrap();
    assert_eq!(first.finish().stdout(), "first\n");

    for name in ["begun", "go on"] {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    wait("wait");
    let first = world.run(&["first"]).any_stdout().start();
    world.wait_for("begun");
    let second = world.run(&["second"]).any_stdout().start();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(world.outcomes()[0], "running");
    std::fs::write(world.path("go on"), "").unwrap();
    assert_eq!((first.finish().stdout(), second.finish().stdout()), ("first\n".into(), "second\n".into()));

    for name in ["begun", "go on"] {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    wait("replace");
    let first = world.run(&["first"]).status(143).any_stdout().start();
    world.wait_for("begun");
    world.run(&["second"]).stdout("second\n").run();
    assert_eq!(first.finish().stdout(), "");
    assert_eq!(world.outcomes()[..2], ["done", "interrupted"]);
}

#[test]
fn a_run_that_is_killed_leaves_no_process_no_lock_and_is_shown_as_interrupted() {
    let world = World::new(&["timeout = \"600s\""], "");
    let pid = world.path("pid");
    let code = format!(
        "if \"long\" in args {{ domain(\"test\").suspend(); fs::write({pid:?}, os::pid().to_string()); sleep(600) }} print(\"again\")"
    );
    world.write(&["timeout = \"600s\""], &code);
    let started = world.run(&["long"]).status(137).any_stdout().start();
    eventually(Duration::from_secs(30), "the script", || {
        std::fs::read_to_string(&pid).ok().filter(|text| !text.is_empty())
    });
    let script: u32 = std::fs::read_to_string(&pid).unwrap().parse().unwrap();
    started.running.signal("KILL");
    started.finish();
    eventually(Duration::from_secs(10), "the script has ended", || (!lives(script)).then_some(()));
    let run = world.runs().remove(0);
    assert_eq!((run["outcome"].as_str(), run["changes"].as_i64()), (Some("interrupted"), Some(1)));
    world.run(&[]).stdout("again\n").run();
    assert_eq!(world.outcomes(), ["done", "interrupted"]);
}

#[test]
fn a_script_that_is_killed_fails_the_run() {
    let world = World::new(&[], "");
    let pid = world.path("pid");
    world.write(&[], &format!("fs::write({pid:?}, os::pid().to_string()); sleep(600)"));
    let started = world.run(&[]).status(137).start();
    let script = eventually(Duration::from_secs(30), "the script", || {
        std::fs::read_to_string(&pid).ok().filter(|text| !text.is_empty())
    });
    let killed = std::process::Command::new("kill").args(["-KILL", &script]).status().unwrap();
    assert!(killed.success());
    let said = started.finish().stderr();
    assert!(said.contains("job night:"), "{said}");
    assert_eq!(world.outcomes(), ["failed"]);
}

#[test]
fn a_record_that_is_required_and_cannot_be_written_keeps_a_run_from_starting() {
    let world = World::new(&["record = \"required\""], "print(\"ran\")");
    let away = |world: &World| world.run(&[]).env("STATE_DIRECTORY", Path::new("/proc/none"));
    let said = away(&world).status(1).run();
    assert_eq!(said.stdout(), "");
    assert!(said.stderr().contains("record"), "{}", said.stderr());
    world.write(&["record = \"best-effort\""], "print(\"ran\")");
    let said = away(&world).stdout("ran\n").run().stderr();
    assert!(said.contains("not recorded"), "{said}");
}

#[test]
fn secrets_of_a_job_reach_the_script_and_neither_output_nor_record() {
    let world = World::new(
        &["environment = [\"NIGHT_PASSWORD\"]"],
        "print(`got ${env(\"NIGHT_PASSWORD\").len()}`); print(env(\"NIGHT_PASSWORD\"))",
    );
    let run = world.run(&[]).env("NIGHT_PASSWORD", "geheim77").any_stdout().run();
    assert!(run.stdout().starts_with("got 8\n") && !run.stdout().contains("geheim77"), "{}", run.stdout());
    let logs = world.virhai().args(["job", "logs", "night"]).any_stdout().run().stdout();
    assert!(logs.contains("got 8") && !logs.contains("geheim77"), "{logs}");
    let missing = world.run(&[]).status(2).run().stderr();
    assert!(missing.contains("NIGHT_PASSWORD"), "{missing}");
}

#[test]
fn what_is_wrong_with_a_job_is_told_before_anything_is_installed() {
    let world = World::new(&["schedule = \"Mon..Sun 25:30\"", "timeot = \"5m\""], "print(1)");
    let script = world.script();
    for command in ["check", "add"] {
        let said =
            world.virhai().args(["job", command, script.to_str().unwrap()]).status(2).any_stderr().run();
        assert!(
            said.stderr().contains("night.rhai:3:") && said.stderr().contains("night.rhai:4:"),
            "{}",
            said.stderr()
        );
        assert!(said.stderr().contains("did you mean `timeout`?"), "{}", said.stderr());
    }
    assert!(!world.path("config").exists());
    let unknown = world.virhai().args(["job", "run", "nigth"]).status(2).any_stderr().run();
    assert!(unknown.stderr().contains("there is no job \"nigth\""), "{}", unknown.stderr());
}

#[test]
fn adding_enabling_and_removing_a_job_is_done_by_systemd() {
    let world = World::new(&["schedule = \"Mon..Fri 02:30\"", "jitter = \"1m\""], "print(1)");
    let log = world.path("systemctl.log");
    let bin = world.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let fake = format!(
        "#!/bin/sh\necho \"$@\" >> {}\ncase \"$*\" in *is-system-running*) echo running;; esac\n",
        log.display()
    );
    std::fs::write(bin.join("systemctl"), fake).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("systemctl"), mode).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let job = |args: &[&str]| {
        world.virhai().env("PATH", path.as_str()).arg("job").args(args).any_stdout().any_stderr()
    };
    job(&["add", "--user", world.script().to_str().unwrap()]).run();
    let units = world.path("config/systemd/user");
    let service = std::fs::read_to_string(units.join("virhai-night.service")).unwrap();
    assert!(service.contains("job run") && service.contains("ExecStopPost="), "{service}");
    let timer = std::fs::read_to_string(units.join("virhai-night.timer")).unwrap();
    assert!(
        timer.contains("OnCalendar=Mon..Fri 02:30") && timer.contains("RandomizedDelaySec=60"),
        "{timer}"
    );
    job(&["disable", "night"]).run();
    job(&["enable", "night"]).run();
    job(&["remove", "night"]).run();
    assert!(std::fs::read_dir(&units).unwrap().next().is_none());
    let told = std::fs::read_to_string(&log).unwrap();
    for line in [
        "--user --no-pager daemon-reload",
        "--user --no-pager enable --now virhai-night.timer",
        "--user --no-pager disable --now virhai-night.timer",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    job(&["remove", "night"]).status(2).run();
}

/// A job that copies a disk of a guest, slowly, and waits.
fn copying(daemon: &Daemon, guest: &DiskGuest<'_>, block: &[&str]) -> World {
    let world = World::new(&[], "");
    let code = format!(
        "domain(\"job-work\").block_copy(\"vda\", \"{}\", #{{ transient_job: true, bandwidth: \"64KiB\" }});
         fs::write(\"{}\", os::pid().to_string());
         sleep(600)",
        guest.file("copy").display(),
        world.path("pid").display(),
    );
    let uri = format!("uri = {:?}", daemon.uri());
    world.write(&[&[uri.as_str()], block].concat(), &code);
    world
}

/// The number of the script's process, when it has begun its work.
fn begun(world: &World) -> String {
    let pid = world.path("pid");
    eventually(Duration::from_secs(60), "the work", || {
        std::fs::read_to_string(&pid).ok().filter(|text| !text.is_empty())
    })
}

#[test]
fn work_at_the_hypervisor_ends_with_a_run_that_must_end_or_when_it_is_recovered() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "job-work", 1);
    guest.fill(0, 7, 0, 12);
    let goes_on = || !daemon.virsh(&["blockjob", "job-work", "vda", "--raw"]).trim().is_empty();
    let on_lab = |world: &World, args: &[&str]| {
        let script = world.script().to_str().unwrap().to_owned();
        Virhai::new()
            .env("STATE_DIRECTORY", world.path("state"))
            .env("RUNTIME_DIRECTORY", world.path("run"))
            .args(["job"])
            .args(args)
            .args((args == ["run"]).then_some(script))
            .any_stderr()
    };

    let world = copying(&daemon, &guest, &["timeout = \"3s\"", "grace = \"30s\""]);
    on_lab(&world, &["run"]).status(4).run();
    begun(&world);
    assert!(!goes_on(), "the deadline did not end the copy");
    assert_eq!(world.outcomes(), ["timeout"]);

    std::fs::remove_file(guest.file("copy")).unwrap();
    let world = copying(&daemon, &guest, &["timeout = \"600s\""]);
    let started = on_lab(&world, &["run"]).status(137).start();
    let killed = std::process::Command::new("kill").args(["-KILL", &begun(&world)]).status().unwrap();
    assert!(killed.success());
    started.finish();
    assert!(goes_on(), "nobody could tell libvirt");
    let said = on_lab(&world, &["recover", "night"]).run().stderr();
    assert!(said.contains("aborted domain.block_copy on vda of job-work"), "{said}");
    assert!(!goes_on());
    on_lab(&world, &["recover", "night"]).stderr("").run();
}
