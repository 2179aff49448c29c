//! `create-guest` and `remove-guest`: what they show, and that nothing is removed without `--apply`.

use super::script;
use crate::support::{Domain, Node, Virhai, project};

fn run(node_uri: &str, name: &str, arguments: &[&str]) -> Virhai {
    let virhai = Virhai::new().connect(node_uri).args(["-o", "csv", "--no-headers"]);
    virhai.arg(project(&format!("scripts/{name}.rhai"))).args(arguments)
}

fn node() -> Node {
    let user = Domain::new("user", 2).shut_off().device(
        "<disk type='file' device='disk'><source file='/img/model.qcow2'/><target dev='vdb' bus='virtio'/></disk>",
    );
    let model = Domain::new("model", 1).shut_off();
    Node::empty()
        .network("default", true)
        .domain(model)
        .domain(user)
        .pool("default", &["model.qcow2", "user.qcow2"])
}

#[test]
fn a_guest_is_shown_as_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let uri = node().write(&folder.path().join("node.xml"));
    let arguments = ["--name", "web1", "--memory", "64MiB", "--disk", "1GiB", "--network", "default"];
    let made = run(&uri, "create-guest", &arguments).any_stdout().run().stdout();
    let lines: Vec<&str> = made.lines().collect();
    assert!(lines[0].starts_with("web1,guest,") && lines[0].ends_with(",shutoff"), "{made}");
    assert_eq!(lines[1], "web1,disk,/img/web1.qcow2,vda");
    assert!(lines[2].starts_with("web1,network card,52:54:00:") && lines[2].ends_with(",default"), "{made}");
}

#[test]
fn guests_need_a_name() {
    for (name, why) in [("create-guest", "use --name"), ("remove-guest", "use --guest")] {
        script(name).status(2).stderr_contains(why).run();
    }
}

#[test]
fn a_plan_changes_nothing_and_tells_what_is_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let uri = node().write(&folder.path().join("node.xml"));
    let columns = ["--columns", "guest,kind,object,action"];
    let shown = |arguments: &[&str]| {
        let virhai = Virhai::new().connect(&uri).args(["-o", "csv", "--no-headers"]).args(columns);
        virhai.arg(project("scripts/remove-guest.rhai")).args(arguments)
    };
    shown(&["--guest", "model"])
        .status(1)
        .stdout("model,disk,/img/model.qcow2,refuse\nmodel,definition,model,remove\n")
        .stderr("nothing was changed; 1 things stand in the way; 0 B would become free\n")
        .run();
    shown(&["--guest", "user", "--keep", "vdb"])
        .stdout("user,disk,/img/user.qcow2,remove\nuser,disk,/img/model.qcow2,keep\nuser,definition,user,remove\n")
        .stderr("nothing was changed; --apply removes it; 192.0 KiB would become free\n")
        .run();
    // Each opening of a node file is a world of its own, so one run has to do both.
    shown(&["--guest", "user,model", "--keep", "vdb", "--apply"])
        .status(1)
        .stdout(
            "user,disk,/img/user.qcow2,removed\nuser,disk,/img/model.qcow2,kept\nuser,definition,user,removed\n\
             model,error,model,failed\n",
        )
        .stderr("2 guests, 1 failed, 192.0 KiB freed\n")
        .run();
    shown(&["--guest", "nobody", "--apply"])
        .status(1)
        .stdout("nobody,error,nobody,failed\n")
        .stderr("1 guests, 1 failed, 0 B freed\n")
        .run();
}
