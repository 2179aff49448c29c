use crate::xml::{Document, Node, Value};

const DOMAIN: &str = "<domain type='kvm'>
  <name>web1</name>
  <memory unit=\"KiB\">4194304</memory>
  <devices>
    <!-- the system disk -->
    <disk type='file'   device='disk'>
      <source file='/a.img'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <tpm/>
  </devices>
</domain>
";

fn domain() -> Document {
    Document::parse(DOMAIN).expect("well-formed")
}

fn node(document: &Document, path: &str) -> Node {
    match document.get(path) {
        Ok(Some(Value::Node(node))) => node,
        other => panic!("{path} gives {other:?}"),
    }
}

/// Sets a path and returns the document as text.
fn set(text: &str, path: &str, value: &str) -> String {
    let document = Document::parse(text).expect("well-formed");
    document.set(path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
    document.to_string()
}

fn refused(path: &str, value: &str) -> String {
    let document = domain();
    let error = document.set(path, value).expect_err(path);
    assert_eq!(error.code(), "xml");
    assert_eq!(document.to_string(), DOMAIN, "{path}: nothing is changed");
    error.to_string()
}

#[test]
fn a_change_touches_nothing_else() {
    for (path, value, old, new) in [
        ("devices/disk/@device", "cdrom", "device='disk'", "device='cdrom'"),
        ("memory", "8", ">4194304<", ">8<"),
        ("memory/@unit", "a\"b'", "\"KiB\"", "\"a&quot;b'\""),
        ("name/text()", "a<b>&\r", ">web1<", ">a&lt;b&gt;&amp;&#13;<"),
        ("devices/tpm", "x", "<tpm/>", "<tpm>x</tpm>"),
        ("devices/tpm/@model", "crb", "<tpm/>", "<tpm model='crb'/>"),
        ("//target/@bus", "sata", "'virtio'", "'sata'"),
        ("name", "", "<name>web1</name>", "<name></name>"),
        ("@id", "3", "type='kvm'>", "type='kvm' id='3'>"),
    ] {
        assert_eq!(set(DOMAIN, path, value), DOMAIN.replacen(old, new, 1), "{path}");
    }
}

#[test]
fn setting_what_is_there_already_changes_nothing() {
    let text = "<a x='&#65;'><b>&#66;<![CDATA[c]]></b></a>";
    assert_eq!(set(text, "@x", "A"), text);
    assert_eq!(set(text, "b", "Bc"), text);
    assert_eq!(set(text, "b/text()", "Bc"), text);
}

#[test]
fn the_first_of_several_matches_is_set() {
    assert_eq!(set("<a><b>1</b><b>2</b></a>", "b", "x"), "<a><b>x</b><b>2</b></a>");
    assert_eq!(set("<a><b><c/></b><c/></a>", "//c/@x", "1"), "<a><b><c x='1'/></b><c/></a>");
}

#[test]
fn comments_stay_when_a_text_is_set() {
    assert_eq!(set("<a>1<!-- c -->2<![CDATA[3]]></a>", ".", "x"), "<a>x<!-- c --></a>");
    assert_eq!(set("<a>1<!-- c -->2</a>", "text()", "x"), "<a>x<!-- c -->2</a>");
}

#[test]
fn missing_elements_are_created_with_the_layout_of_their_siblings() {
    assert_eq!(
        set(DOMAIN, "devices/disk[@type='block' and target/@dev='vdb']/source/@dev", "/dev/sdb"),
        DOMAIN.replace(
            "    <tpm/>\n",
            "    <tpm/>\n    <disk type='block'>\n      <target dev='vdb'/>\n      <source dev='/dev/sdb'/>\n    </disk>\n"
        )
    );
    assert_eq!(
        set(DOMAIN, "os/type", "hvm"),
        DOMAIN.replace("  </devices>\n", "  </devices>\n  <os>\n    <type>hvm</type>\n  </os>\n")
    );
    assert_eq!(
        set(DOMAIN, "devices/tpm/backend/@type", "emulator"),
        DOMAIN.replace("    <tpm/>\n", "    <tpm>\n      <backend type='emulator'/>\n    </tpm>\n")
    );
    assert_eq!(
        set("<a><b/></a>", "c/d", "x"),
        "<a><b/><c><d>x</d></c></a>",
        "no blanks where there are none"
    );
    assert_eq!(set("<a/>", "b/c/@d", "x"), "<a>\n  <b>\n    <c d='x'/>\n  </b>\n</a>");
    assert_eq!(
        set("<a>\r\n\t<b/>\r\n</a>", "c/d", ""),
        "<a>\r\n\t<b/>\r\n\t<c>\r\n\t\t<d/>\r\n\t</c>\r\n</a>"
    );
    assert_eq!(set("<a>text</a>", "b", "x"), "<a>text<b>x</b></a>");
    assert_eq!(set("<a>\n  <b/>, text\n</a>", "c", ""), "<a>\n  <b/>, text\n<c/></a>", "text is left alone");
}

#[test]
fn predicates_that_say_what_they_need_are_made_to_hold() {
    for (path, created) in [
        ("b[@x='1'][@y='2']/@z", "<b x='1' y='2' z='v'/>"),
        ("b[c='1' and c/@d='2']/e", "<b><c d='2'>1</c><e>v</e></b>"),
        ("b[c[@d='2']/e='it''s']/f/@g", "<b><c d='2'><e>it's</e></c><f g='v'/></b>"),
        ("b[.='v']", "<b>v</b>"),
        ("b[text()='v']/@x", "<b x='v'>v</b>"),
        ("b['1'=@x]/@y", "<b x='1' y='v'/>"),
        ("b[@x=4]/./@y", "<b x='4' y='v'/>"),
        ("q:b[q:c/@q:d='1']/q:e", "<q:b><q:c q:d='1'/><q:e>v</q:e></q:b>"),
    ] {
        assert_eq!(set("<a><i/></a>", path, "v"), format!("<a><i/>{created}</a>"), "{path}");
    }
}

#[test]
fn what_cannot_be_created_is_refused_by_name() {
    for (path, expected) in [
        ("devices/disk[3]/@x", "`disk[3]` is not there and cannot be created: a position"),
        ("devices/disk[last()][@x='1']/@x", "`disk[last()][@x='1']` is not there"),
        ("//watchdog/@model", "`watchdog` is not there and cannot be created: `//` does not say where"),
        ("devices/x/*/@y", "`*` is not there and cannot be created: it does not name what to create"),
        ("devices/x[@a or @b]/@y", "`x[@a or @b]` is not there and cannot be created: only predicates"),
        ("devices/x[@a]/@y", "only predicates such as [@a='v']"),
        ("devices/x[not(@a='1')]/@y", "only predicates such as [@a='v']"),
        ("devices/x[/domain/@a='1']/@y", "only predicates such as [@a='v']"),
        ("devices/x[@a='1' and @a='2']/@y", "its predicates and the value contradict each other"),
        ("devices/x[.='1']", "contradict"),
        ("devices/x[@a='1']/@a", "contradict"),
        ("devices/x[b='1']", "<x> holds elements"),
        ("devices/x/../@y", "`..` is not there and cannot be created"),
        ("/network/name", "`network` is not there and cannot be created: the root element is <domain>"),
        ("../x", "the root element is <domain>"),
        ("devices", "<devices> holds elements, a text would replace them all"),
        ("devices/x/@*", "it does not name what to create"),
        ("name", "the character U+0000 (number 2) cannot be in XML 1.0"),
    ] {
        let value = if path == "name" { "a\0" } else { "v" };
        let message = refused(path, value);
        assert!(message.contains(expected), "{path} gives {message:?} and not {expected:?}");
    }
}

#[test]
fn an_added_element_stands_like_its_siblings() {
    let added = |fragment: &str| {
        let document = domain();
        let devices = node(&document, "devices");
        let new = devices.add(fragment).expect("one element");
        assert_eq!(new.parent().map(|parent| parent.tag()).as_deref(), Some("devices"));
        document.to_string()
    };
    let expected = |text: &str| DOMAIN.replace("    <tpm/>\n", &format!("    <tpm/>\n{text}"));
    assert_eq!(added("<rng model='virtio'/>"), expected("    <rng model='virtio'/>\n"));
    assert_eq!(
        added("\n        <rng>\n            <backend/>\n        </rng>\n"),
        expected("    <rng>\n        <backend/>\n    </rng>\n"),
        "its lines move along"
    );
    assert_eq!(added("<rng><backend/></rng>"), expected("    <rng>\n      <backend/>\n    </rng>\n"));
    assert_eq!(added("<?xml version='1.0'?>\n<!-- c --><rng/>"), expected("    <!-- c -->\n    <rng/>\n"));
}

#[test]
fn only_one_well_formed_element_can_be_added() {
    let document = domain();
    for fragment in ["", "text", "<a/><b/>", "<a>", "<!DOCTYPE a><a/>"] {
        let error = document.add(fragment).expect_err(fragment);
        assert!(error.facts().hint.is_some(), "{fragment}");
        assert_eq!(document.to_string(), DOMAIN);
    }
}

#[test]
fn a_removed_element_takes_its_line_along_and_lives_on() {
    let document = domain();
    let disk = node(&document, "devices/disk");
    let source = node(&document, "devices/disk/source");
    disk.remove().expect("not the root");
    assert_eq!(
        document.to_string(),
        "<domain type='kvm'>\n  <name>web1</name>\n  <memory unit=\"KiB\">4194304</memory>\n  <devices>\n    \
         <!-- the system disk -->\n    <tpm/>\n  </devices>\n</domain>\n"
    );
    assert!(disk.parent().is_none());
    source.set_attr("file", "/b.img").expect("a good value");
    assert!(disk.to_string().contains("file='/b.img'"), "handles stay on the removed element");
    disk.remove().expect("a second time does nothing");
    document.add(&disk.to_string()).expect("one element");
    assert!(document.to_string().ends_with("  </disk>\n</domain>\n"));
}

#[test]
fn the_root_element_stays() {
    let document = domain();
    assert!(document.root().remove().is_err());
    assert!(document.remove_at(".").is_err());
    assert!(document.remove_at("//*").is_err());
    assert_eq!(document.to_string(), DOMAIN);
}

#[test]
fn a_path_removes_everything_it_finds() {
    let document = domain();
    assert_eq!(document.remove_at("devices/*").expect("a good path"), 2);
    assert_eq!(document.remove_at("//@*").expect("a good path"), 2);
    assert_eq!(document.remove_at("name/text()").expect("a good path"), 1);
    assert_eq!(document.remove_at("nothing").expect("a good path"), 0);
    assert_eq!(
        document.to_string(),
        "<domain>\n  <name></name>\n  <memory>4194304</memory>\n  <devices>\n    <!-- the system disk -->\n  \
         </devices>\n</domain>\n"
    );
}

#[test]
fn handles_see_each_others_changes_and_copies_do_not() {
    let document = domain();
    let copy = document.copy();
    let name = node(&document, "name");
    document.set("name", "db1").expect("there");
    assert_eq!(name.text(), "db1");
    assert_eq!(copy.text_at("name").expect("a good path").as_deref(), Some("web1"));
}

#[test]
fn wrong_names_of_attributes_are_refused() {
    let document = domain();
    for name in ["", "a b", "1", "x='1' y", "a>"] {
        assert!(document.root().set_attr(name, "v").is_err(), "{name}");
    }
    assert_eq!(document.to_string(), DOMAIN);
}

#[test]
fn a_long_way_down_can_be_created() {
    let document = Document::parse("<a/>").expect("well-formed");
    let path = ["b"; 256].join("/");
    document.set(&path, "v").expect("names only");
    assert_eq!(document.text_at(&path).expect("a good path").as_deref(), Some("v"));
    assert_eq!(document.remove_at("b").expect("a good path"), 1);
    assert_eq!(document.to_string(), "<a>\n</a>");
}
