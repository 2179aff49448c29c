use crate::xml::{ChangeKind, Document};

const DOMAIN: &str = "<domain type='kvm'>
  <name>web1</name>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file'><source file='/a'/><target dev='vda'/></disk>
    <disk type='file'><source file='/b'/><target dev='vdb'/></disk>
    <controller type='usb' index='0'/>
    <controller type='pci' index='0'/>
    <channel type='unix'><target name='x'/></channel>
    <channel type='spicevmc'/>
  </devices>
  <features><timer name='a'/><timer name='b'/></features>
</domain>
";

/// Returns the changes as `path kind: old → new`.
fn changes(old: &str, new: &str) -> Vec<String> {
    let document = |text| Document::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let (old, new) = (document(old), document(new));
    let changes = old.diff(&new).expect("not too deep");
    assert_eq!(changes.is_empty(), old == new);
    assert_eq!(changes.is_empty(), old.diff_text(&new).is_empty());
    for change in &changes {
        // A path leads to what it tells about, on the side where that is.
        let side = if change.kind == ChangeKind::Added { &new } else { &old };
        assert!(side.get(&change.path).expect("a good path").is_some(), "{}", change.path);
    }
    let shown = changes.into_iter().map(|change| {
        let value = |value: Option<String>| value.unwrap_or_else(|| "()".to_owned());
        format!("{} {}: {} → {}", change.path, change.kind.word(), value(change.old), value(change.new))
    });
    shown.collect()
}

fn changed(old: &str, new: &str) -> Vec<String> {
    changes(DOMAIN, &DOMAIN.replacen(old, new, 1))
}

#[test]
fn what_has_no_meaning_is_no_difference() {
    for new in [
        DOMAIN.replace('\'', "\""),
        DOMAIN.replace("\n  ", ""),
        DOMAIN.replace("type='usb' index='0'", "index='0'\n type='&#117;sb' "),
        DOMAIN.replace("<os>", "<!-- c --><?pi?>\n<os>"),
        DOMAIN.replace("web1", "<![CDATA[web]]>&#49;"),
        DOMAIN.replace("/><target dev='vda'/>", "></source><target dev='vda'/>"),
        format!("<?xml version='1.0'?><!DOCTYPE x>{DOMAIN}"),
    ] {
        assert_eq!(changes(DOMAIN, &new), Vec::<String>::new(), "{new}");
    }
}

#[test]
fn attributes_and_texts_are_told_one_by_one() {
    assert_eq!(changed("web1", "db1"), ["name changed: web1 → db1"]);
    assert_eq!(changed("'kvm'", "'qemu' id='1'"), ["@type changed: kvm → qemu", "@id added: () → 1"]);
    assert_eq!(changed(" arch='x86_64'", ""), ["os/type/@arch removed: x86_64 → ()"]);
    assert_eq!(
        changed("file='/a'", "file='/c'"),
        ["devices/disk[target/@dev='vda']/source/@file changed: /a → /c"]
    );
    assert_eq!(changes("<a>x<b/>y</a>", "<a>x<b/>z</a>"), ["text() changed: xy → xz"]);
    assert_eq!(changes("<a>x</a>", "<a>y</a>"), [". changed: x → y"]);
    assert_eq!(changes("<a/>", "<b/>"), [". changed: <a/> → <b/>"]);
}

#[test]
fn devices_are_known_by_their_keys_whatever_their_order() {
    let disk = |target: &str, file: &str| {
        format!("    <disk type='file'><source file='{file}'/><target dev='{target}'/></disk>\n")
    };
    let (a, b) = (disk("vda", "/a"), disk("vdb", "/b"));
    assert!(DOMAIN.contains(&format!("{a}{b}")));
    assert_eq!(changed(&format!("{a}{b}"), &format!("{b}{a}")), Vec::<String>::new());
    assert_eq!(
        changed(&a, ""),
        [format!("devices/disk[target/@dev='vda'] removed: {} → ()", a.trim())],
        "the other one is not taken for it"
    );
    assert_eq!(
        changed(&a, &disk("it&apos;s", "/c")),
        [
            format!("devices/disk[target/@dev='vda'] removed: {} → ()", a.trim()),
            format!("devices/disk[target/@dev='it''s'] added: () → {}", disk("it&apos;s", "/c").trim()),
        ]
    );
    assert_eq!(
        changed("type='pci' index='0'/>", "type='pci' index='0' model='x'/>"),
        ["devices/controller[@type='pci' and @index='0']/@model added: () → x"]
    );
}

#[test]
fn others_are_known_by_name_or_by_position() {
    assert_eq!(
        changed("<timer name='a'/>", ""),
        ["features/timer[@name='a'] removed: <timer name='a'/> → ()"]
    );
    assert_eq!(
        changed("<channel type='spicevmc'/>", "<channel type='pty'/><channel type='unix'/>"),
        [
            "devices/channel[2]/@type changed: spicevmc → pty",
            "devices/channel[3] added: () → <channel type='unix'/>",
        ]
    );
    assert_eq!(
        changes("<a><b name='x'/></a>", "<a><b name='y'/></a>"),
        ["b/@name changed: x → y"],
        "one element on each side is one element"
    );
    let aliases = |x: &str| format!("<a><b><alias name='1'/><c x='{x}'/></b><b><alias name='2'/></b></a>");
    assert_eq!(changes(&aliases("1"), &aliases("2")), ["b[alias/@name='1']/c/@x changed: 1 → 2"]);
    assert_eq!(
        changes("<a><b><alias name='1'/></b><b/></a>", "<a><b/><b/></a>"),
        ["b[1]/alias removed: <alias name='1'/> → ()"],
        "an alias that not all have is no key"
    );
    assert_eq!(
        changes("<a><disk><target dev='x'/></disk><disk><target dev='x'/></disk></a>", "<a><disk/></a>"),
        [
            "disk[1]/target removed: <target dev='x'/> → ()",
            "disk[2] removed: <disk><target dev='x'/></disk> → ()",
        ],
        "a key that two have is no key"
    );
}

#[test]
fn lines_show_both_sides_in_one_layout() {
    let old = Document::parse(DOMAIN).expect("well-formed");
    let new = Document::parse(&DOMAIN.replace("web1", "db&amp;1").replace("\n  ", "")).expect("well-formed");
    assert_eq!(
        old.diff_text(&new),
        "@@ -1,5 +1,5 @@\n <domain type='kvm'>\n-  <name>web1</name>\n+  <name>db&amp;1</name>\n   <os>\n     \
         <type arch='x86_64'>hvm</type>\n   </os>\n"
    );
    assert_eq!(old.diff_text(&old), "");
}

#[test]
fn depth_costs_no_stack_and_is_limited() {
    let deep = |levels: usize, x: &str| {
        Document::parse(&format!("{}<b x='{x}'/>{}", "<a>".repeat(levels), "</a>".repeat(levels)))
            .expect("well-formed")
    };
    assert_eq!(deep(900, "1").diff(&deep(900, "2")).expect("not too deep").len(), 1);
    let error = deep(100_000, "1").diff(&deep(100_000, "2")).expect_err("too deep");
    assert_eq!(error.to_string(), "a difference lies more than 1000 levels deep");
    assert!(deep(100_000, "1") != deep(100_000, "2"));
    assert!(deep(100_000, "1") == deep(100_000, "1"));
    assert!(deep(100_000, "1").diff_text(&deep(100_000, "2")).lines().count() > 5);
}
