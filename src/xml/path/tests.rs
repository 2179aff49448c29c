use crate::xml::{Document, Value};

const DOMAIN: &str = "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web1</name>
  <devices>
    <disk device='disk'><source file='/a'/><target dev='vda'/></disk>
    <disk device='cdrom'><target dev='sda'/></disk>
    <disk device='disk'><source dev='/dev/sdb'/><target dev=\"v'd\"/></disk>
    <interface><mac address='52:54:00:00:00:01'/></interface>
    <interface><mac address='52:54:00:00:00:02'/></interface>
  </devices>
  <x><x id='in'><y>1</y></x><y>2</y></x>
  <text>a<!-- c -->b&lt;<![CDATA[<c>]]></text>
  <vcpu current=' 2 '>4</vcpu>
  <qemu:commandline><qemu:arg value='-x'/></qemu:commandline>
</domain>";

/// Returns what a path finds: texts as they are, elements as `<name>`.
fn find(path: &str) -> Vec<String> {
    let document = Document::parse(DOMAIN).expect("well-formed");
    let found = document.all(path).unwrap_or_else(|error| panic!("{error}"));
    let shown = found.into_iter().map(|value| match value {
        Value::Node(node) => match node.attr("dev").or(node.attr("id")).or(node.attr("address")) {
            Some(key) => format!("<{} {key}>", node.tag()),
            None => format!("<{}>", node.tag()),
        },
        Value::Text(text) => text,
    });
    shown.collect()
}

#[test]
fn steps_lead_where_xpath_says() {
    for (path, expected) in [
        ("name", &["<name>"][..]),
        ("domain/name", &[]),
        ("/domain/name", &["<name>"]),
        ("/name", &[]),
        ("/text()", &[]),
        ("@type", &["kvm"]),
        ("./@type", &["kvm"]),
        (".", &["<domain>"]),
        ("..", &[]),
        ("name/..", &["<domain>"]),
        ("name/../@type", &["kvm"]),
        ("name/text()", &["web1"]),
        ("text/text()", &["a", "b<<c>"]),
        ("devices/disk/target", &["<target vda>", "<target sda>", "<target v'd>"]),
        ("devices/*/target/@dev", &["vda", "sda", "v'd"]),
        ("//mac/@address", &["52:54:00:00:00:01", "52:54:00:00:00:02"]),
        ("devices//mac", &["<mac 52:54:00:00:00:01>", "<mac 52:54:00:00:00:02>"]),
        (".//mac/@*", &["52:54:00:00:00:01", "52:54:00:00:00:02"]),
        ("//domain", &["<domain>"]),
        (".//domain", &[]),
        ("//x", &["<x>", "<x in>"]),
        ("//x/y/text()", &["1", "2"]),
        ("//x//y/text()", &["1", "2"]),
        ("//y/..", &["<x>", "<x in>"]),
        ("//y/../..", &["<domain>", "<x>"]),
        ("x//text()", &["1", "2"]),
        ("x//@id", &["in"]),
        ("text//..", &["<domain>", "<text>"]),
        ("//x//.", &["<x>", "<x in>", "<y>", "<y>"]),
        ("qemu:commandline/qemu:arg/@value", &["-x"]),
        ("commandline", &[]),
        ("nothing/at/all", &[]),
    ] {
        assert_eq!(find(path), expected, "{path}");
    }
}

#[test]
fn predicates_choose_what_xpath_says() {
    for (path, expected) in [
        ("devices/disk[2]/target/@dev", &["sda"][..]),
        ("devices/disk[last()]/target/@dev", &["v'd"]),
        ("devices/disk[4]", &[]),
        ("devices/disk[@device='disk'][2]/target/@dev", &["v'd"]),
        ("devices/disk[2][@device='disk']", &[]),
        ("devices/*[1]/target/@dev", &["vda"]),
        ("//y[1]", &["<y>", "<y>"]),
        ("//x[1]", &["<x>", "<x in>"]),
        ("//disk[last()]/target/@dev", &["v'd"]),
        ("devices/disk[source]/target/@dev", &["vda", "v'd"]),
        ("devices/disk[not(source)]/target/@dev", &["sda"]),
        ("devices/disk[source/@file]/target/@dev", &["vda"]),
        ("devices/disk[@device!='disk']/target/@dev", &["sda"]),
        ("devices/disk[@none!='disk']", &[]),
        ("devices/disk[not(@none='x')]/target/@dev", &["vda", "sda", "v'd"]),
        ("devices/disk[target/@dev='vda' or target/@dev=\"sda\"]/target/@dev", &["vda", "sda"]),
        ("devices/disk[@device='disk' and source/@dev]/target/@dev", &["v'd"]),
        ("devices/disk[@device and (source/@dev or not(source))]/target/@dev", &["sda", "v'd"]),
        ("devices/disk/target[@dev='v''d']/@dev", &["v'd"]),
        ("devices/disk[contains(source/@file, 'a')]/target/@dev", &["vda"]),
        ("devices/disk[starts-with(target/@dev, 'v')]/target/@dev", &["vda", "v'd"]),
        ("devices/disk[starts-with(target/@dev, substring)]/target/@dev", &["vda", "sda", "v'd"]),
        ("*[.='web1']", &["<name>"]),
        ("*[text()='web1']", &["<name>"]),
        ("/domain[name='web1']/vcpu/text()", &["4"]),
        ("vcpu[.=4.0]/text()", &["4"]),
        ("vcpu[@current=2]/text()", &["4"]),
        ("vcpu[@current='2']", &[]),
        ("vcpu[@current!=3]/text()", &["4"]),
        ("name[.=0]", &[]),
        ("name[.!=0]", &["<name>"]),
        ("devices/disk[source/@file = '/a'][target]/target/@dev", &["vda"]),
        ("devices/disk[../../name='web1'][1]/target/@dev", &["vda"]),
        ("devices/interface[mac[@address='52:54:00:00:00:02']]/mac/@address", &["52:54:00:00:00:02"]),
        ("devices/disk[target/@dev=/domain/devices/disk[2]/target/@dev]/target/@dev", &["sda"]),
        ("devices['' or 0]", &[]),
        ("devices[../..][not(../../..)]", &["<devices>"]),
        ("vcpu[starts-with(/., '\n  web1')]/text()", &["4"]),
        ("devices['x' and 1]", &["<devices>"]),
    ] {
        assert_eq!(find(path), expected, "{path}");
    }
}

#[test]
fn a_node_looks_from_itself_and_slashes_from_the_document() {
    let document = Document::parse(DOMAIN).expect("well-formed");
    let Ok(Some(Value::Node(disk))) = document.get("devices/disk[2]") else {
        panic!("there is a second disk")
    };
    let text = |path: &str| disk.text_at(path).expect("a good path");
    assert_eq!(text("target/@dev").as_deref(), Some("sda"));
    assert_eq!(text("../disk/target/@dev").as_deref(), Some("vda"));
    assert_eq!(text("/domain/name").as_deref(), Some("web1"));
    assert_eq!(text(".//@dev").as_deref(), Some("sda"));
    assert_eq!(text("//@dev").as_deref(), Some("vda"));
    assert_eq!(text("name"), None);
}

#[test]
fn depth_costs_no_stack_and_no_square() {
    let levels = 100_000;
    let text = format!("{}<b x='1'/>{}", "<a>".repeat(levels), "</a>".repeat(levels));
    let document = Document::parse(&text).expect("well-formed");
    assert_eq!(document.text_at("//b/@x").expect("a good path").as_deref(), Some("1"));
    assert_eq!(document.all("//a//a").expect("a good path").len(), levels - 1);
    assert_eq!(document.all("//a/a/..").expect("a good path").len(), levels - 1);
    assert_eq!(document.all("//a[1]//b").expect("a good path").len(), 1);
    assert_eq!(document.root().text(), "");
    document.set("c/d", "x").expect("can be created");
    assert!(document.copy() == document);
}
