//! `nightly-snapshots` and `prune`: what they tell. `nights.rs` has what they leave when they are killed.

use crate::support::{Domain, Node, Virhai, project};

fn virhai(name: &str, columns: &str) -> Virhai {
    let options = ["-o", "csv", "--no-headers", "--columns", columns];
    Virhai::new().args(options).arg(project(&format!("scripts/{name}.rhai")))
}

#[test]
fn each_running_guest_gets_a_snapshot() {
    let run = || virhai("nightly-snapshots", "guest,result,detail").small_node();
    run()
        .stdout(
            "cache,made,\"internal, with memory\"\ndb1,made,\"internal, with memory\"\n\
             web1,made,\"internal, with memory\"\nweb2,made,\"internal, with memory\"\n",
        )
        .stderr("guests: 4; snapshots made: 4, removed: 0; failures: 0\n")
        .run();
    run()
        .args(["--guests", "old,w*", "--plan"])
        .stdout("old,would make,\nweb1,would make,\nweb2,would make,\n")
        .stderr("guests: 3; snapshots made: 0, removed: 0; failures: 0\n")
        .run();
    run().args(["--title", "no guest has this"]).stderr_contains("guests: 0;").run();
    run().args(["--metadata", "urn:nobody"]).stderr_contains("guests: 0;").run();
}

#[test]
fn what_does_not_fit_ends_before_anything_is_changed() {
    for name in ["nightly-snapshots", "prune"] {
        let run = || virhai(name, "guest").small_node().status(2);
        let usage = format!("Usage: {name}.rhai [OPTIONS]\n");
        let stderr = format!("error: there is no guest \"wbe1\"\n{usage}hint: did you mean \"web1\"?\n");
        run().args(["--guests", "db1,wbe1"]).stderr(stderr).run();
        let stderr = format!(
            "error: daily: -1 is not a number of snapshots\n{usage}hint: use a whole number, 0 for none\n"
        );
        run().args(["--keep-daily=-1"]).stderr(stderr).run();
    }
}

#[test]
fn one_guest_that_fails_does_not_stop_the_others() {
    // A run on another machine is at work on the first one.
    let busy = "<domain type='test'><name>a</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e1931</uuid><metadata>
        <virhai:work xmlns:virhai='urn:virhai:snapshots' action='create' snapshot='s' host='another' pid='1' process='another/1/1/x/pid:[1]'
            time='2999-01-01T00:00:00Z'/></metadata><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>";
    let node = Node::empty().xml(busy).domain(Domain::new("b", 2));
    virhai("nightly-snapshots", "guest,result")
        .node(&node)
        .args(["--guests", "*"])
        .status(1)
        .stdout("a,failed\nb,made\n")
        .stderr("guests: 2; snapshots made: 1, removed: 0; failures: 1\n")
        .run();
}

#[test]
fn a_plan_is_shown_before_it_is_applied() {
    let code = |arguments: &str| {
        format!(
            "import \"snapshots\" as s; for n in 0..4 {{ s::create(domain(\"db1\"), #{{ name: `s${{n}}` }}) }}
             s::pin(domain(\"db1\").snapshot(\"s1\"));
             print(s::prune(domain(\"db1\"), #{{ {arguments} }}).map(|row| `${{row.snapshot}} ${{row.result}}`));
             print(domain(\"db1\").snapshots().map(|snapshot| snapshot.name))"
        )
    };
    // `before` and `after` are the node's own: this module did not make them.
    Virhai::new()
        .small_node()
        .args(["-e", &code("last: 1")])
        .stdout(
            "[\"s3 kept\", \"s2 deleted\", \"s1 kept\", \"s0 deleted\"]\n[\"after\", \"before\", \"s1\", \"s3\"]\n",
        )
        .run();
    let run = || virhai("prune", "guest,snapshot,result").small_node();
    run().stdout("").stderr("guests: 5; snapshots to remove: 0, to keep: 0; --apply removes them\n").run();
    run().arg("--apply").stdout("").stderr("guests: 5; snapshots removed: 0, kept: 0; failures: 0\n").run();
}
