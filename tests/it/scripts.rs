//! The finished scripts of `scripts/`: what they say, what they do, and that a real host agrees.

mod guests;
mod host_check;
mod lab;
mod maintenance;
mod nightly_backup;
mod prometheus;
mod report;
mod snapshots;

use std::path::{Path, PathBuf};

use crate::support::cases::files_below;
use crate::support::{Domain, Node, Virhai, golden, project};

/// Runs a script of `scripts/`.
fn script(name: &str) -> Virhai {
    Virhai::new().arg(project(&format!("scripts/{name}.rhai")))
}

/// Returns every script.
fn all() -> Vec<PathBuf> {
    let scripts = files_below(&project("scripts"), &["rhai"]);
    assert!(scripts.len() >= 7, "{scripts:?}");
    scripts
}

fn file_name(script: &Path) -> String {
    script.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn scripts_and_modules_have_no_findings() {
    Virhai::new().arg("check").args(all()).args(files_below(&project("stdlib"), &["rhai"])).run();
}

#[test]
fn every_script_explains_itself_in_the_words_at_its_top() {
    for script in all() {
        let text = std::fs::read_to_string(&script).unwrap();
        let comment = text.lines().skip(1).map_while(|line| line.strip_prefix("//!"));
        let lines: Vec<&str> = comment.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let help = lines.join("\n") + "\n";
        let usage = format!("\nUsage: {} [OPTIONS]", file_name(&script));
        assert!(help.contains(&usage) && help.contains("\nExamples:\n"), "{}: {help}", script.display());
        for word in ["--help", "-h"] {
            Virhai::new().arg(&script).arg(word).stdout(help.clone()).run();
        }
    }
}

#[test]
fn wrong_arguments_end_every_script_with_its_usage() {
    for script in all() {
        let usage = format!("Usage: {} [OPTIONS]\nhint: --help explains the options\n", file_name(&script));
        let refused = |argument: &str, why: &str| {
            let stderr = format!("error: {why}\n{usage}");
            Virhai::new().arg(&script).arg(argument).status(2).stderr(stderr).run();
        };
        refused("--no-such-option", "there is no option --no-such-option");
        refused("stray", "unexpected argument \"stray\"");
    }
}

#[test]
fn the_tour_shows_the_language_and_changes_only_its_own_guests() {
    let tour = script("tour").small_node().any_stdout().run();
    golden::check(&project("tests/it/scripts/tour.out"), &tour.stdout());
}

#[test]
fn the_inventory_lists_guests_for_people() {
    let shown = |options: &[&str], arguments: &[&str]| {
        Virhai::new()
            .small_node()
            .args(options)
            .arg(project("scripts/inventory.rhai"))
            .args(arguments)
            .any_stdout()
            .run()
            .stdout()
    };
    golden::check(&project("tests/it/scripts/inventory-table.out"), &shown(&["-o", "table"], &[]));
    let few =
        shown(&["-o", "table", "--columns", "name,disks", "--no-headers"], &["--name=web*", "--active"]);
    assert_eq!(few.lines().count(), 2, "{few}");
}

#[test]
fn the_inventory_is_data_in_every_other_format() {
    let shown = |format: &str, rows: &str| {
        let virhai = Virhai::new().small_node().args(["-o", format]).arg(project("scripts/inventory.rhai"));
        virhai.args(["--name", "web1", "--rows", rows]).any_stdout().run().stdout()
    };
    let mut texts = String::new();
    for format in ["json", "ndjson", "yaml", "csv", "tsv", "text"] {
        for rows in ["guests", "disks", "nics"] {
            texts += &[&format!("# -o {format} --rows {rows}\n"), shown(format, rows).as_str()].concat();
        }
    }
    golden::check(&project("tests/it/scripts/inventory-formats.out"), &texts);
}

/// Runs `graceful-stop` on the small node; the times that guests took are left out.
fn stop(arguments: &[&str]) -> Virhai {
    let virhai = Virhai::new().small_node().args(["-o", "csv", "--columns", "name,step,result,error"]);
    virhai.arg(project("scripts/graceful-stop.rhai")).args(arguments)
}

#[test]
fn guests_stop_in_their_order_and_once() {
    stop(&["--order", "db1,web*", "--name", "*", "--deadline", "5s"])
        .stdout(
            "name,step,result,error\ndb1,1,stopped,\nweb1,2,stopped,\nweb2,2,stopped,\ncache,3,stopped,\nold,3,off,\n",
        )
        .stderr(
            "db1: asked to shut down\nweb1: asked to shut down\nweb2: asked to shut down\ncache: asked to shut down\n",
        )
        .run();
}

#[test]
fn a_dry_run_changes_nothing() {
    stop(&["--all", "--dry-run"])
        .stdout("name,step,result,error\ncache,1,would stop,\ndb1,1,would stop,\nweb1,1,would stop,\nweb2,1,would stop,\n")
        .run();
}

#[test]
fn nothing_is_stopped_that_nobody_named() {
    let usage = "Usage: graceful-stop.rhai [OPTIONS]\n";
    let why = "nothing says which guests to stop";
    let hint = "use --order, --name or --all; add --dry-run to look first";
    stop(&[]).status(2).stderr(format!("error: {why}\n{usage}hint: {hint}\n")).run();
    let stderr = format!("error: there is no guest \"wbe1\"\n{usage}hint: did you mean \"web1\"?\n");
    stop(&["--order", "db1,wbe1"]).status(2).stderr(stderr).run();
}

#[test]
fn a_guest_that_cannot_be_stopped_fails_the_run() {
    Virhai::new()
        .small_node()
        .args(["-r", "-o", "csv", "--no-headers", "--columns", "name,result"])
        .arg(project("scripts/graceful-stop.rhai"))
        .args(["--order", "db1", "--deadline", "10ms"])
        .status(1)
        .stdout("db1,failed\n")
        .any_stderr()
        .run();
}

fn orphans(node: &Node) -> Virhai {
    let virhai = Virhai::new().node(node).args(["-o", "csv", "--columns", "pool,name"]);
    virhai.arg(project("scripts/find-orphans.rhai"))
}

#[test]
fn orphans_are_the_volumes_that_no_guest_names() {
    Virhai::new()
        .small_node()
        .args(["-o", "table"])
        .arg(project("scripts/find-orphans.rhai"))
        .stdout(
            "pool     name         format  capacity  allocation  path\n\
             default  spare.qcow2  qcow2    1.0 GiB   192.0 KiB  /img/spare.qcow2\n",
        )
        .stderr("6 volumes, 1 that no guest uses: 192.0 KiB\n")
        .run();
}

/// A volume that is backed by another.
fn overlay(name: &str, backing: &str) -> String {
    format!(
        "<volume><name>{name}</name><key>/two/{name}</key><capacity>1024</capacity><allocation>512</allocation>\
         <target><path>/two/{name}</path><format type='qcow2'/></target>\
         <backingStore><path>/two/{backing}</path><format type='qcow2'/></backingStore></volume>"
    )
}

#[test]
fn a_volume_is_used_by_pool_and_name_and_behind_another_one() {
    let volumes =
        [("base", "none"), ("middle", "base"), ("top", "middle"), ("alone", "base"), ("cd", "none")];
    let volumes: String = volumes.map(|(name, backing)| overlay(name, backing)).concat();
    let node = Node::empty()
        .domain(Domain::new("web1", 1).shut_off().device(
            "<disk type='volume' device='disk'><source pool='two' volume='top'/><target dev='vdb'/></disk>\
             <disk type='file' device='cdrom'><source file='/two/cd'/><target dev='hda'/></disk>",
        ))
        .pool("default", &["web1.qcow2", "a b.qcow2"])
        .xml(format!("<pool type='dir'><name>two</name><target><path>/two</path></target>{volumes}</pool>"));
    orphans(&node)
        .stdout("pool,name\ndefault,a b.qcow2\ntwo,alone\n")
        .stderr("7 volumes, 2 that no guest uses: 192.5 KiB\n")
        .run();
    orphans(&node).args(["--pool", "t*"]).stdout("pool,name\ntwo,alone\n").any_stderr().run();
}
