use rhai::{Dynamic, Engine};

use super::{XmlDocument, refuse_assignment, register};
use crate::api::Fallible;
use crate::error::Error;
use crate::xml::Document;

const DOMAIN: &str = "<domain type='kvm'>
  <name>web1</name>
  <memory unit='KiB'>4</memory>
  <devices>
    <disk device='disk'><source file='/a'/><target dev='vda'/></disk>
    <disk device='cdrom'><target dev='sda'/></disk>
  </devices>
</domain>";

/// A stand-in for a guest: reading `xml` gives a new document, assigning it is refused.
#[derive(Clone)]
struct Guest;

fn engine() -> Engine {
    let mut engine = Engine::new();
    crate::lang::natives::Natives::bind(&mut engine, crate::lang::natives::Docs::Kept, register);
    engine.register_type_with_name::<Guest>("Guest").register_fn("guest", || Guest);
    engine.register_get("xml", |_: &mut Guest| {
        XmlDocument::of_property(Document::parse(DOMAIN).expect("well-formed"), "uuid")
    });
    engine.register_set("xml", |_: &mut Guest, value: Dynamic| -> Fallible<()> {
        Ok(refuse_assignment(&value, "uuid", "use vm.edit(|doc| …)")?)
    });
    engine
}

/// Runs a script in which `doc` is the domain and returns its value as text.
fn run(script: &str) -> String {
    let code = format!("let doc = xml(`{DOMAIN}`); {script}");
    match engine().eval::<Dynamic>(&code) {
        Ok(value) => value.to_string(),
        Err(error) => panic!("{script}: {error:?}"),
    }
}

fn refused(script: &str) -> Error {
    let code = format!("let doc = xml(`{DOMAIN}`); {script}");
    let error = engine().eval::<Dynamic>(&code).expect_err(script);
    crate::api::error::from_rhai(&error)
}

#[test]
fn an_index_reads_texts_elements_and_nothing() {
    for (script, expected) in [
        ("doc[\"@type\"]", "kvm"),
        ("doc[\"memory\"].text()", "4"),
        ("type_of(doc)", "XmlDocument"),
        ("type_of(doc[\"memory\"])", "XmlNode"),
        ("type_of(doc[\"nothing\"])", "()"),
        ("doc[\"x/y\"]?.text() ?? \"none\"", "none"),
        ("doc.devices.disk[\"source/@file\"]", "/a"),
        ("doc[\"devices\"][\"disk[2]\"][\"@device\"]", "cdrom"),
        ("doc.name.text()", "web1"),
        ("doc.root().tag()", "domain"),
        ("xml_escape(`a<b> & \"c'`)", "a&lt;b&gt; &amp; &quot;c&apos;"),
        ("doc.all(\"//target/@dev\").len()", "2"),
        ("doc.all(\"devices/disk\")[1].attr(\"device\")", "cdrom"),
        ("doc.root().children().len()", "3"),
        ("doc.name.parent().tag()", "domain"),
        ("type_of(doc.root().parent())", "()"),
        ("const D = doc; D[\"@type\"]", "kvm"),
        ("const D = doc; D.devices[\"disk\"].all(\"target\").len()", "1"),
        (
            "let n = 0; for d in doc.all(\"devices/disk\") { if d.attr(\"device\") == \"disk\" { n += 1 } } n",
            "1",
        ),
    ] {
        assert_eq!(run(script), expected, "{script}");
    }
    assert_eq!(run("doc.to_string()"), DOMAIN);
    assert_eq!(run("`${doc}`"), DOMAIN);
}

#[test]
fn an_assignment_sets_or_creates() {
    for (script, old, new) in [
        ("doc[\"@type\"] = \"test\"", "'kvm'", "'test'"),
        ("doc[\"memory\"] = 8388608", ">4<", ">8388608<"),
        ("doc[\"memory/@slots\"] = true", "'KiB'>", "'KiB' slots='true'>"),
        ("doc[\"memory\"] = 1.5", ">4<", ">1.5<"),
        ("doc[\"memory\"] = 2.0", ">4<", ">2<"),
        ("doc.memory = 5", ">4<", ">5<"),
        ("doc[\"devices\"][\"disk[1]\"][\"source/@file\"] = \"/b\"", "'/a'", "'/b'"),
        ("doc.devices.disk.source[\"@file\"] = \"/b\"", "'/a'", "'/b'"),
        ("let s = doc.devices.disk.source; s[\"@file\"] = \"/b\"", "'/a'", "'/b'"),
        ("for d in doc.all(\"devices/disk\") { d[\"@device\"] = \"disk\" }", "'cdrom'", "'disk'"),
        ("let all = doc.all(\"//disk\"); all[1][\"@device\"] = \"disk\"", "'cdrom'", "'disk'"),
        ("doc[\"devices/disk[@device='cdrom']\"][\"@device\"] = \"lun\"", "'cdrom'", "'lun'"),
        ("doc[\"name\"].set_text(\"<\")", ">web1<", ">&lt;<"),
        ("doc.root().set_attr(\"type\", 7)", "'kvm'", "'7'"),
        ("doc[\"@type\"] += \"x\"", "'kvm'", "'kvmx'"),
        ("doc[\"os/type\"] = \"hvm\"", "</devices>\n", "</devices>\n  <os>\n    <type>hvm</type>\n  </os>\n"),
    ] {
        assert_eq!(run(&format!("{script}; doc.to_string()")), DOMAIN.replacen(old, new, 1), "{script}");
    }
}

#[test]
fn elements_are_added_removed_and_copied() {
    for (script, old, new) in [
        ("doc.devices.add(\"<tpm/>\")", "  </devices>", "    <tpm/>\n  </devices>"),
        ("doc.devices.add(doc.name)", "  </devices>", "    <name>web1</name>\n  </devices>"),
        ("doc.devices.add(xml(\"<?xml version='1.0'?><a/>\"))", "  </devices>", "    <a/>\n  </devices>"),
        ("doc.memory.remove()", "  <memory unit='KiB'>4</memory>\n", ""),
        ("doc.remove(\"memory/@unit\")", " unit='KiB'", ""),
        ("doc.devices.remove(\"disk[2]\")", "    <disk device='cdrom'><target dev='sda'/></disk>\n", ""),
        ("let c = doc.clone_doc(); c[\"name\"] = \"x\"", "", ""),
        ("let c = doc; c[\"name\"] = \"x\"", "web1", "x"),
    ] {
        assert_eq!(run(&format!("{script}; doc.to_string()")), DOMAIN.replacen(old, new, 1), "{script}");
    }
    assert_eq!(run("doc.devices.add(\"<a><b/></a>\").tag()"), "a");
}

#[test]
fn what_cannot_be_assigned_says_what_to_do() {
    for (script, code, hint) in [
        ("doc[\"name\"] = doc.memory", "usage", "assign its text(), or add(…) it where it belongs"),
        (
            "let n = doc.name; doc[\"memory\"] = n",
            "usage",
            "assign its text(), or add(…) it where it belongs",
        ),
        ("doc[\"name\"] = doc", "usage", "assign its text(), or add(…) it where it belongs"),
        ("doc[\"name\"] = #{}", "usage", "assign each value by its own path, or add(…) the XML text"),
        ("doc[\"name\"] = []", "usage", "assign each value by its own path, or add(…) the XML text"),
        ("doc[\"name\"] = ()", "usage", "remove(path) takes out what a path finds"),
        ("doc.add(5)", "usage", "write it as text: add(\"<disk>…</disk>\")"),
        ("xml(\"<a>\")", "xml", "the text may have been cut off"),
    ] {
        let error = refused(script);
        assert_eq!(error.code(), code, "{script}: {error}");
        assert_eq!(error.facts().hint.as_deref(), Some(hint), "{script}");
    }
    assert_eq!(refused("doc[\"a[\"]").code(), "xml");
    assert_eq!(refused("doc[\"devices\"] = 1").code(), "xml");
    assert_eq!(refused("doc.root().remove()").code(), "xml");
    assert_eq!(refused("doc[\"name\"] = 1.0 / 0.0").code(), "usage");
}

#[test]
fn differences_are_data_or_lines() {
    let other = "let other = doc.clone_doc(); other[\"name\"] = \"db1\"; other.remove(\"memory/@unit\");";
    assert_eq!(
        run(&format!("{other} doc.diff(other).map(|c| `${{c.path}} ${{c.kind}} ${{c.old}} ${{c.new_}}`)")),
        "[\"name changed web1 db1\", \"memory/@unit removed KiB \"]"
    );
    assert_eq!(run(&format!("{other} doc.diff_text(other).contains(\"-  <name>web1</name>\")")), "true");
    assert_eq!(
        run(&format!("{other} [doc == other, doc != other, doc == doc.clone_doc()]")),
        "[false, true, true]"
    );
    assert_eq!(run("let d = doc.all(\"//disk\"); [d[0] == d[0], d[0] != d[1]]"), "[true, true]");
    assert_eq!(run("let d = doc.all(\"//disk\"); d[0].diff(d[1]).len()"), "3");
}

#[test]
fn a_property_that_gives_a_document_reads_freely_and_refuses_assignment() {
    for (script, expected) in [
        ("guest().xml[\"name\"].text()", "web1"),
        ("let g = guest(); g.xml[\"devices\"].all(\"disk\").len()", "2"),
        ("let g = guest(); g.xml.devices.disk.attr(\"device\")", "disk"),
        ("let g = guest(); g.xml.all(\"//disk\").len()", "2"),
        ("let g = guest(); g.xml.all(\"//disk\")[0].attr(\"device\").len()", "4"),
        ("let g = guest(); g.xml[\"name\"].parent().children().len()", "3"),
        ("let g = guest(); let d = g.xml; d[\"name\"] = \"x\"; d[\"name\"].text()", "x"),
        ("let g = guest(); g.xml.diff(g.xml).len()", "0"),
    ] {
        assert_eq!(run(script), expected, "{script}");
    }
    for script in [
        "let g = guest(); g.xml[\"name\"] = 1",
        "let g = guest(); g.xml[\"name\"] = \"web1\"",
        "let g = guest(); g.xml.devices.disk[\"@x\"] = 1",
        "let g = guest(); g.xml.devices.disk.remove()",
        "let g = guest(); g.xml = doc",
        "let g = guest(); g.xml = \"<domain/>\"",
    ] {
        assert_eq!(refused(script).facts().hint.as_deref(), Some("use vm.edit(|doc| …)"), "{script}");
    }
}

#[test]
fn the_examples_run() {
    let mut engine = engine();
    engine.on_print(|_| {});
    let documented = engine.collect_fn_metadata(
        None,
        |info| Some((info.metadata.name.to_string(), info.metadata.comments.join("\n"))),
        false,
    );
    let documented: Vec<_> = documented.into_iter().filter(|(_, comments)| !comments.is_empty()).collect();
    assert!(documented.len() > 30, "every function is documented");
    for (name, comments) in documented {
        let code = comments.split("```rhai").nth(1).and_then(|rest| rest.split("```").next());
        let code = code.unwrap_or_else(|| panic!("{name} has no example")).replace("///", "");
        if let Err(error) = engine.run(&code) {
            panic!("the example of {name}: {error:?}\n{code}");
        }
    }
}
