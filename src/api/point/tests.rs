//! Snapshots and checkpoints on the test driver; real images are the lab's.

use super::super::test_script::TestScript;

fn host() -> TestScript {
    let script = TestScript::new();
    script.value::<()>(
        "conn().define_domain(`<domain type='test'><name>web</name><memory>65536</memory>
            <os><type>hvm</type></os><devices><disk type='file' device='disk'>
            <source file='/img/web.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`).start()",
    );
    script
}

#[test]
fn snapshots_form_a_tree() {
    let host = host();
    host.value::<()>(
        "let vm = domain(`web`);
         for name in [`a`, `b`, `c`] { vm.snapshot_create(#{ name: name }) }
         vm.snapshot(`a`).revert();
         vm.snapshot_create(#{ name: `d` }); ()",
    );
    let list = |code: &str| host.json(&format!("domain(`web`).{code}.map(|s| s.name)"));
    assert_eq!(list("snapshots()"), r#"["a","b","c","d"]"#);
    assert_eq!(list("snapshots(#{ roots: true })"), r#"["a"]"#);
    assert_eq!(list("snapshots(#{ leaves: true })"), r#"["c","d"]"#);
    assert_eq!(list("snapshots(#{ topological: true, name: `[ac]` })"), r#"["a","c"]"#);
    assert_eq!(list("snapshot(`a`).children()"), r#"["b","d"]"#);
    assert_eq!(list("snapshot(`a`).children(#{ descendants: true, no_leaves: true })"), r#"["b"]"#);
    assert_eq!(host.value::<i64>("domain(`web`).snapshot_num(#{ leaves: true })"), 2);
    assert_eq!(host.value::<i64>("domain(`web`).snapshot(`a`).num_children()"), 2);
    assert_eq!(host.value::<i64>("domain(`web`).snapshot(`a`).num_children(#{ descendants: true })"), 3);
    host.value::<()>("domain(`web`).snapshot(`a`).delete(#{ children_only: true })");
    assert_eq!(list("snapshots()"), r#"["a"]"#);
    host.value::<()>("domain(`web`).snapshot(`a`).parent");
}

#[test]
fn the_current_snapshot_is_known_once_there_is_one() {
    let host = host();
    assert!(!host.value::<bool>("domain(`web`).has_current_snapshot"));
    host.value::<()>("domain(`web`).snapshot_create(#{ name: `a` }); ()");
    assert!(host.value::<bool>("domain(`web`).has_current_snapshot"));
    assert_eq!(host.text("domain(`web`).snapshot_current()"), "a");
}

#[test]
fn a_snapshot_tells_what_it_is_and_can_be_described_anew() {
    let host = host();
    host.value::<()>("domain(`web`).snapshot_create(#{ name: `a`, description: `before` }); ()");
    let a = |code: &str| host.text(&format!("domain(`web`).snapshot(`a`).{code}"));
    assert_eq!(a("description"), "before");
    assert_eq!(a("state"), "running");
    assert_eq!(a("edit(|doc| doc[`description`] = `after`)"), "true");
    assert_eq!(a("description"), "after");
    assert_eq!(a("current"), "true");
    assert_eq!(a("edit(|doc| doc[`description`] = `after`)"), "false");
    let year = a("creation_time")[..4].parse::<i64>().unwrap();
    assert!(year >= 2024, "{year}");
    assert_eq!(a("has_metadata()"), "true");
    let (code, hint) = host.refusal("domain(`web`).snapshot(`a`).edit(|doc| doc[`name`] = `b`)");
    assert_eq!((code.as_str(), hint.contains("redefine")), ("usage", true));
    let row = host.json("domain(`web`).snapshots()");
    for part in [r#""name":"a""#, r#""domain":"web""#, r#""state":"running""#, r#""current":true"#] {
        assert!(row.contains(part), "{part}: {row}");
    }
}

#[test]
fn what_libvirt_forgot_is_redefined() {
    let host = host();
    let names = host.json(
        "let vm = domain(`web`);
         let doc = vm.snapshot_create(#{ name: `a` }).xml;
         vm.snapshot(`a`).delete();
         let without = vm.snapshots().len();
         let again = vm.snapshot_create_xml(doc, #{ redefine: true, current: true });
         [without, again.name, again.current]",
    );
    assert_eq!(names, r#"[0,"a",true]"#);
}

#[test]
fn checkpoints_form_a_chain() {
    let host = host();
    host.value::<()>(
        "let vm = domain(`web`);
         for name in [`c1`, `c2`, `c3`] { vm.checkpoint_create(#{ name: name, description: `of ` + name }) }",
    );
    let list = |code: &str| host.json(&format!("domain(`web`).{code}.map(|s| s.name)"));
    assert_eq!(list("checkpoints()"), r#"["c1","c2","c3"]"#);
    assert_eq!(list("checkpoints(#{ roots: true })"), r#"["c1"]"#);
    assert_eq!(list("checkpoints(#{ leaves: true, topological: true })"), r#"["c3"]"#);
    assert_eq!(list("checkpoint(`c1`).children()"), r#"["c2"]"#);
    assert_eq!(list("checkpoint(`c1`).children(#{ descendants: true })"), r#"["c2","c3"]"#);
    assert_eq!(host.text("domain(`web`).checkpoint(`c2`).parent"), "c1");
    assert_eq!(host.text("domain(`web`).checkpoint(`c2`).description"), "of c2");
    assert_eq!(host.text("domain(`web`).checkpoint(`c2`).domain"), "web");
    let made = host.text("domain(`web`).checkpoint(`c2`).creation_time");
    assert!(made[..4].parse::<i64>().unwrap() >= 2024, "{made}");
    host.value::<()>("domain(`web`).checkpoint(`c2`).delete(#{ children: true })");
    let rows = host.json("domain(`web`).checkpoints()");
    assert!(rows.contains(r#""name":"c1""#) && rows.contains(r#""parent":null"#), "{rows}");
    host.value::<()>("domain(`web`).checkpoint(`c1`).parent");
    let (code, hint) = host.refusal("domain(`web`).checkpoint(`c11`)");
    assert_eq!((code.as_str(), hint.as_str()), ("no_domain_checkpoint", "did you mean \"c1\"?"));
}

#[test]
fn checkpoints_are_handles_like_all_others() {
    let host = host();
    host.value::<()>("for name in [`c1`, `c2`] { domain(`web`).checkpoint_create(#{ name: name }) }");
    let facts = host.json(
        "let vm = domain(`web`); let a = vm.checkpoint(`c1`); let b = vm.checkpoint(`c2`);
         [a == vm.checkpoint(`c1`), a == b, a < b, a.to_debug()]",
    );
    assert_eq!(facts, r#"[true,false,true,"DomainCheckpoint(\"c1\")"]"#);
    assert_eq!(host.text("domain(`web`).checkpoint(`c1`).edit(|doc| doc[`description`] = `x`)"), "true");
    assert_eq!(
        host.text("domain(`web`).checkpoint(`c1`).xml_desc(#{ no_domain: true })[`description`].text()"),
        "x"
    );
}

#[test]
fn a_part_that_is_not_one_is_refused_before_anything_happens() {
    let host = host();
    for (code, hint) in [
        ("snapshot_create(#{ disks: [#{ nam: `vda` }] })", "did you mean `name`?"),
        ("snapshot_create(#{ disks: [1] })", "for example #{ name: … }"),
        ("snapshot_create(#{ memory: #{ snapshot: `extern` } })", "did you mean `external`?"),
        ("checkpoint_create(#{ disks: `vda,checkpoint=bitmaps` })", "did you mean `bitmap`?"),
    ] {
        let refusal = host.refusal(&format!("domain(`web`).{code}"));
        assert_eq!(refusal, ("usage".to_owned(), hint.to_owned()), "{code}");
    }
    assert_eq!(host.value::<i64>("domain(`web`).snapshot_num()"), 0);
}
