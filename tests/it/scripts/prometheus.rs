//! `prometheus`: the format, hostile names, and that the numbers are libvirt's.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Daemon, DiskGuest, Domain, Need, Node, Virhai, lab_or_skip, project};

/// A line: its name, its labels, its number.
type Line = (String, BTreeMap<String, String>, f64);

fn metrics(virhai: Virhai) -> Virhai {
    virhai.arg(project("scripts/prometheus.rhai"))
}

/// Reads the text format, and refuses what is none: a name that comes twice, a line without its type.
fn parse(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut helped, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut kind: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(words.ends_with('.') && helped.insert(name.to_owned()), "{line}");
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, word) = typed.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&word) && helped.contains(name), "{line}");
            assert_eq!(name.ends_with("_total"), word == "counter", "{line}");
            kind = Some((name.to_owned(), word.to_owned()));
        } else {
            let (name, labels, number) = parse_line(line);
            assert_eq!(kind.as_ref().map(|kind| kind.0.as_str()), Some(name.as_str()), "{line}");
            assert!(seen.insert((name.clone(), labels.clone())), "twice: {line}");
            lines.push((name, labels, number));
        }
    }
    assert!(text.ends_with('\n') && !lines.is_empty(), "{text}");
    lines
}

fn parse_line(line: &str) -> Line {
    let (name, mut rest) = line.split_at(line.find(['{', ' ']).unwrap());
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            let (label, value) = inside.split_once("=\"").unwrap();
            let mut text = String::new();
            let mut letters = value.char_indices();
            let end = loop {
                match letters.next().unwrap() {
                    (place, '"') => break place,
                    (_, '\\') => text.push(match letters.next().unwrap().1 {
                        'n' => '\n',
                        other => {
                            assert!(['"', '\\'].contains(&other), "{line}");
                            other
                        }
                    }),
                    (_, letter) => text.push(letter),
                }
            };
            labels.insert(label.to_owned(), text);
            inside = &value[end + 1..];
            match inside.strip_prefix(',') {
                Some(next) => inside = next,
                None => break,
            }
        }
        rest = inside.strip_prefix('}').unwrap();
    }
    (name.to_owned(), labels, rest.strip_prefix(' ').unwrap().parse().unwrap())
}

fn number(lines: &[Line], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let fits = |(known, found, _): &&Line| {
        known == name && labels.iter().all(|(label, value)| found.get(*label).is_some_and(|f| f == value))
    };
    lines.iter().find(fits).map(|line| line.2)
}

#[test]
fn each_number_has_its_line_and_the_order_stays() {
    let run = || metrics(Virhai::new().small_node()).any_stdout().run().stdout();
    let text = run();
    let lines = parse(&text);
    let of = |name: &str, labels: &[(&str, &str)]| number(&lines, name, labels);
    assert_eq!(of("libvirt_up", &[]), Some(1.0));
    assert_eq!(of("libvirt_domain_info_vstate", &[("domain", "cache")]), Some(3.0));
    assert_eq!(of("libvirt_domain_info_vstate", &[("domain", "old")]), Some(5.0));
    assert_eq!(of("libvirt_domain_info_virtual_cpus", &[("domain", "db1")]), Some(3.0));
    assert_eq!(of("libvirt_domain_info_memory_usage_bytes", &[("domain", "web1")]), Some(536_870_912.0));
    assert!(of("libvirt_pool_info_capacity_bytes", &[("pool", "default")]).is_some_and(|n| n > 0.0));
    let names =
        |text: &str| text.lines().map(|l| l.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&text), names(&run()));
}

#[test]
fn names_may_hold_anything() {
    let hostile = r#"a"b\c{d="e",} é"#;
    let node = Node::empty().domain(Domain::new(hostile, 1)).domain(Domain::new("\\n", 2));
    let lines = parse(&metrics(Virhai::new().node(&node)).any_stdout().run().stdout());
    for name in [hostile, "\\n"] {
        assert_eq!(
            number(&lines, "libvirt_domain_info_virtual_cpus", &[("domain", name)]),
            Some(1.0),
            "{name}"
        );
    }
    let code = r#"import "prometheus/format" as f; f::written([#{ name: "a", kind: "gauge", help: "A.", lines: [[[["l", "x\ny\"\\"]], 1]] }])"#;
    let text = Virhai::new().args(["-e", code]).any_stdout().run().stdout();
    assert_eq!(number(&parse(&text), "a", &[("l", "x\ny\"\\")]), Some(1.0));
}

#[test]
fn a_file_appears_complete_and_a_host_that_is_not_there_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("libvirt.prom");
    metrics(Virhai::new().small_node()).arg("--file").arg(&file).run();
    parse(&std::fs::read_to_string(&file).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let down = metrics(Virhai::new().connect("qemu+unix:///system?socket=/no/such/socket"));
    down.arg("--file").arg(&file).status(1).stderr_contains("libvirt does not answer").run();
    assert_eq!(
        parse(&std::fs::read_to_string(&file).unwrap()),
        [("libvirt_up".into(), BTreeMap::new(), 0.0)]
    );
    metrics(Virhai::new().small_node().args(["--deny", "write"]))
        .arg("--file")
        .arg(&file)
        .status(1)
        .stderr_contains("--deny write")
        .run();
}

#[test]
fn the_numbers_of_a_guest_are_those_of_virsh() {
    lab_or_skip!(Need::Daemon, Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "g1", 1);
    // Paused, nothing of it moves but what is written here.
    daemon.virsh(&["suspend", "g1"]);
    guest.write(0, 7, 1);
    let text = metrics(Virhai::new().connect(&daemon.uri())).any_stdout().run().stdout();
    let lines = parse(&text);
    let stats = daemon.virsh(&["domstats", "g1"]);
    let stat = |name: &str| {
        let line = stats.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name}: {stats}")).parse::<u64>().unwrap()
    };
    let of =
        |name: &str| number(&lines, name, &[("domain", "g1")]).unwrap_or_else(|| panic!("{name}: {text}"));
    for (name, source, unit) in [
        ("libvirt_domain_info_vstate", "state.state", 1),
        ("libvirt_domain_info_virtual_cpus", "vcpu.current", 1),
        ("libvirt_domain_info_maximum_memory_bytes", "balloon.maximum", 1024),
        ("libvirt_domain_info_memory_usage_bytes", "balloon.current", 1024),
        ("libvirt_domain_block_stats_read_bytes_total", "block.0.rd.bytes", 1),
        ("libvirt_domain_block_stats_write_bytes_total", "block.0.wr.bytes", 1),
        ("libvirt_domain_block_stats_write_requests_total", "block.0.wr.reqs", 1),
        ("libvirt_domain_block_stats_flush_requests_total", "block.0.fl.reqs", 1),
        ("libvirt_domain_block_stats_capacity_bytes", "block.0.capacity", 1),
        ("libvirt_domain_block_stats_allocation", "block.0.allocation", 1),
        ("libvirt_domain_block_stats_physicalsize_bytes", "block.0.physical", 1),
    ] {
        assert_eq!(of(name) as u64, stat(source) * unit, "{name}");
    }
    let file = guest.file("vda").display().to_string();
    let disk = [("domain", "g1"), ("target_device", "vda"), ("source_file", file.as_str())];
    assert!(number(&lines, "libvirt_domain_block_stats_read_time_seconds_total", &disk).is_some(), "{text}");
    // The hypervisor's own threads still run a little.
    let cpu = of("libvirt_domain_info_cpu_time_seconds_total");
    let later = stat("cpu.time") as f64 / 1e9;
    assert!(cpu > 0.0 && cpu <= later && later - cpu < 5.0, "{cpu} {later}");
}
