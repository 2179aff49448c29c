//! Guests that vanish while a script is at work on them: each function names the guest and goes on with the others.

use crate::support::Virhai;

/// A guest that was looked up before somebody undefined it.
const GONE: &str = r"
    let x = domain(`x`);
    x.undefine();
";

fn told(code: &str) -> String {
    let guest = "<domain type='test'><name>x</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>";
    let code = format!("conn().define_domain(\"{guest}\");\n{GONE}\n{code}");
    Virhai::new().small_node().file("s.rhai", code).arg("s.rhai").any_stdout().any_stderr().run().stdout()
}

#[test]
fn what_is_done_to_one_guest_fails_with_its_name() {
    let code = r#"
        import "snapshots" as s; import "provision" as p; import "ensure" as e; import "backup" as b;
        let works = #{
            create: || s::create(x), prune: || s::prune(x, #{ last: 1 }), merge: || s::merge(x, #{}), list: || s::list(x),
            preflight: || s::preflight(x, #{}), recover: || s::recover(x, #{}), plan: || p::plan(x), remove: || p::remove(x, #{}),
            clone: || p::clone(x, "y"), running: || e::running(x), stopped: || e::stopped(x), autostart: || e::autostart(x, true),
            backup: || b::run(x, #{ folder: fs::state_dir() }),
        };
        for name in works.keys() {
            let error = attempt(works[name]).error;
            if error.code != "no_domain" || error.object != "x" { print(`${name}: ${error.code} [${error.object}] ${error}`) }
        }
        print(domains().len());
    "#;
    assert_eq!(told(code), "5\n", "the guests of the node are there, and nothing else");
}

#[test]
fn what_is_done_to_many_goes_on_with_the_others() {
    let code = r#"
        import "maintain" as m;
        fn short(rows) { print(rows.map(|row| `${row.name} ${row.result} ${(row.error ?? "").contains("Domain not found")}`)) }
        short(m::start([[x, "old"]], #{ keep_going: true, quiet: true }));
        short(m::stop([[x, "old"]], #{ keep_going: true, quiet: true }));
        short(m::rolling([x, "web1"], |vm| vm.suspend(), #{ keep_going: true, healthy: "paused", quiet: true }));
        print(x.name);
    "#;
    let rows = |other: &str| format!("[\"x failed true\", \"{other} false\"]\n");
    assert_eq!(
        told(code),
        [rows("old started"), rows("old stopped"), rows("web1 done"), "x\n".into()].concat()
    );
}
