//! Network filters and their bindings on a real daemon.

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

fn eval(daemon: &Daemon, code: &str) -> Virhai {
    Virhai::new().connect(&daemon.uri()).args(["-o", "json", "-e", code])
}

#[test]
fn filters_are_defined_changed_and_removed() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    // The filters that come with libvirt are there.
    eval(&daemon, r#"nwfilters(#{ name: "clean-tr*" }).map(|f| f.name)"#)
        .stdout("[\"clean-traffic\",\"clean-traffic-gateway\"]\n")
        .run();
    eval(
        &daemon,
        r#"let f = conn().define_nwfilter(`<filter name="no-web" chain="root">
               <rule action="drop" direction="in"><tcp dstportstart="80"/></rule></filter>`, #{ validate: true });
           let changed = f.edit(|doc| doc["rule/@action"] = "accept");
           let same = f.edit(|doc| ());
           [changed, same, f == nwfilter(f.uuid) && f == conn().nwfilter("no-web"), f.xml["rule/@action"], f.connection() == conn()]"#,
    )
    .stdout("[true,false,true,\"accept\",true]\n")
    .run();
    assert!(daemon.virsh(&["nwfilter-dumpxml", "no-web"]).contains("action='accept'"));
    eval(&daemon, r#"nwfilter("no-wep")"#).status(1).stderr_contains("did you mean \"no-web\"?").run();
    eval(&daemon, r#"let f = nwfilter("no-web"); f.xml["@chain"] = "ipv4""#)
        .status(1)
        .stderr_contains("filter.edit(")
        .run();
    eval(&daemon, r#"let f = nwfilter("no-web"); f.undefine(); attempt(|| f.name).error.code"#)
        .stdout("\"no_nwfilter\"\n")
        .run();
    eval(&daemon, r#"conn().define_nwfilter("<filter/>", #{ validate: true })"#).status(1).any_stderr().run();
}

#[test]
fn a_guest_binds_a_filter_to_its_port() {
    lab_or_skip!(Need::Network);
    let daemon = Daemon::start();
    daemon.virsh(&["net-start", "default"]);
    daemon.define(
        "create",
        "<domain type='qemu'><name>nf-guest</name><memory unit='MiB'>16</memory><os><type arch='x86_64'>hvm</type></os>\
         <devices><interface type='network'><mac address='52:54:00:00:0b:01'/><source network='default'/>\
         <filterref filter='clean-traffic'/></interface></devices></domain>",
    );
    let port = daemon.virsh(&["domiflist", "nf-guest"]);
    let port = port.split_whitespace().next().unwrap();
    eval(&daemon, "nwfilter_bindings()")
        .stdout(format!("[{{\"port_dev\":\"{port}\",\"filter_name\":\"clean-traffic\"}}]\n"))
        .run();
    eval(&daemon, &format!(r#"nwfilter_binding("{port}").xml["owner/name"].text()"#))
        .stdout("\"nf-guest\"\n")
        .run();
    eval(&daemon, r#"attempt(|| nwfilter("clean-traffic").undefine()).error.code"#)
        .stdout("\"operation_invalid\"\n")
        .run();
    eval(&daemon, &format!(r#"nwfilter_binding("{port}x")"#))
        .status(1)
        .stderr_contains(format!("did you mean \"{port}\"?"))
        .run();
    // Another filter for the same port: the binding is made anew.
    eval(
        &daemon,
        &format!(
            r#"let b = nwfilter_binding("{port}");
               let doc = b.xml;
               doc["filterref/@filter"] = "no-mac-spoofing";
               b.delete();
               let gone = attempt(|| b.filter_name).error.code;
               let b = conn().create_nwfilter_binding(doc, #{{ validate: true }});
               [gone, b.port_dev, b.filter_name, nwfilter_bindings().len()]"#
        ),
    )
    .stdout(format!("[\"no_nwfilter_binding\",\"{port}\",\"no-mac-spoofing\",1]\n"))
    .run();
    daemon.virsh(&["destroy", "nf-guest"]);
    eval(&daemon, "nwfilter_bindings().len()").stdout("0\n").run();
}
