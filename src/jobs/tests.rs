use std::path::Path;

use super::*;

fn read(block: &str) -> std::result::Result<Job, Vec<String>> {
    let lines: String = block.lines().flat_map(|line| ["//! ", line, "\n"]).collect();
    let text = format!("#!/usr/bin/env virhai\n//! What it is for.\n//!\n//! [job]\n{lines}\nprint(1);\n");
    let findings = |findings: Vec<Finding>| {
        let told = |finding: &Finding| {
            let hint = finding.hint.as_deref().unwrap_or_default();
            format!("{}:{}+{} {} | {hint}", finding.line, finding.column, finding.length, finding.message)
        };
        findings.iter().map(told).collect()
    };
    Job::read(Path::new("/srv/nightly.rhai"), &text).map_err(findings)
}

#[test]
fn a_block_with_a_schedule_alone_has_safe_defaults() {
    let job = read("schedule = \"daily\"").unwrap();
    assert_eq!(job.name, "nightly");
    assert_eq!(job.purpose, "What it is for.");
    assert_eq!(job.schedule.as_ref().unwrap().text(), "daily");
    assert_eq!((job.overlap, job.retry), (Overlap::Skip, Retry::default()));
    assert_eq!((job.timeout, job.grace), (None, Duration::from_secs(30)));
    assert_eq!(job.target, Target::Default);
    assert_eq!(job.permissions(), Permissions::ALL);
}

#[test]
fn every_key_is_read() {
    let job = read(
        "name = \"Night 5%\"\nschedule = \"Mon..Sun 02:30\" # a remark\njitter = \"10m\"\ntimeout = \"45m\"\ngrace = 5\n\
         watchdog = \"1m\"\noverlap = \"replace\"\nretry = { count = 2, after = \"5m\" }\nuri = \"qemu:///system\"\n\
         readonly = true\ndeny = [\"run\", \"net\"]\nwrites = [\"/srv/reports\"]\nrecord = \"required\"\n\
         args = [\"--keep\", \"7\"]\nenvironment = [\"PGPASSWORD\"]\n\
         credentials = [\"token\", \"key:/etc/virhai/key\"]\non_failure = \"mail@%n.service\"\nquiet = true",
    )
    .unwrap();
    assert_eq!(job.name, "Night 5%");
    assert_eq!(job.jitter, Duration::from_secs(600));
    assert_eq!(job.timeout, Some(Duration::from_secs(2700)));
    assert_eq!(job.grace, Duration::from_secs(5));
    assert_eq!(job.watchdog, Some(Duration::from_secs(60)));
    assert_eq!(job.overlap, Overlap::Replace);
    assert_eq!(job.retry, Retry { count: 2, after: Duration::from_secs(300) });
    assert_eq!(job.target, Target::Uri("qemu:///system".into()));
    assert!(job.readonly && job.quiet);
    assert!(!job.permissions().run && !job.permissions().net && job.permissions().change);
    assert_eq!(job.writes, [PathBuf::from("/srv/reports")]);
    assert_eq!(job.record, Some(Recording::Required));
    assert_eq!(job.args, ["--keep", "7"]);
    assert_eq!(job.environment, ["PGPASSWORD"]);
    assert_eq!(job.credentials[0], Credential { name: "token".into(), path: None });
    assert_eq!(job.credentials[1].path.as_deref(), Some(Path::new("/etc/virhai/key")));
    assert_eq!(job.on_failure.as_deref(), Some("mail@%n.service"));
}

#[test]
fn every_fault_is_told_with_its_place_in_the_script() {
    let faults = read("shedule = \"daily\"\ndeny = [\"run\", \"wriet\"]\nretry = { cuont = 2 }\noverlap = 3")
        .unwrap_err();
    assert_eq!(
        faults,
        [
            "5:5+7 there is no key \"shedule\" | did you mean `schedule`?",
            "6:20+7 there is no value \"wriet\" | did you mean `write`?",
            "7:15+5 there is no key \"cuont\" | did you mean `count`?",
            "8:15+1 a text in quotes is expected, not integer | ",
        ]
    );
}

#[test]
fn wrong_values_are_refused_where_they_stand() {
    let refused = [
        ("schedule = \"Mon..Fri 25:00\"", "5:16", "hour \"25\""),
        ("timeout = \"soon\"", "5:15", "not a duration"),
        ("timeout = 0", "5:15", "no time at all"),
        ("writes = [\"reports\"]", "5:15", "no absolute path"),
        ("writes = [\"/srv/../etc\"]", "5:15", "no absolute path"),
        ("writes = \"/srv\"", "5:14", "a list is expected"),
        ("record = \"never\"", "5:14", "no value \"never\""),
        ("retry = 3", "5:13", "a table is expected"),
        ("retry = { count = -1 }", "5:23", "a whole number from 0"),
        ("credentials = [\"../x\"]", "5:20", "no credential"),
        ("environment = [\"A=secret\"]", "5:20", "no variable"),
        ("on_failure = \"mail\"", "5:18", "no service"),
        ("name = \"a/b\"", "5:12", "slash"),
        ("uri = \"\"", "5:11", "no connection"),
        ("uri = \"a\"\nhosts = \"b\"", "6:5", "exclude each other"),
        ("schedule = ", "5:16", ""),
        ("a = 1\na = 2", "6:5", ""),
        ("[jobs]\nx = 1", "5:6", "no key \"jobs\""),
        ("[job]", "", "duplicate"),
    ];
    for (block, place, words) in refused {
        let faults = read(block).expect_err(block).join("\n");
        assert!(faults.starts_with(place) && faults.contains(words), "{block}\n{faults}");
    }
}

#[test]
fn a_script_without_a_block_says_how_to_begin_one() {
    let findings = Job::read(Path::new("x.rhai"), "print(1);").unwrap_err();
    assert_eq!(findings[0].line, 1);
    assert!(findings[0].hint.as_deref().unwrap().contains("//! [job]"));
}
