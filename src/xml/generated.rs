//! Properties that hold for any document, tried on generated ones.

use proptest::prelude::*;

use super::{Document, Path, fuzz};

/// Cases of each property; the variable `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.max(1000), failure_persistence: None, ..usual }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-d]",
        1 => "[a-zA-Z_é日][a-zA-Z0-9._é日-]{0,6}",
        1 => "(qemu|q):[a-c]",
    ]
}

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ \t\n]{1,3}", Just("\r\n  ".to_owned())]
}

fn reference() -> impl Strategy<Value = String> {
    prop_oneof!["&(amp|lt|gt|apos|quot);", "&#(9|10|13|65|8364|128512);", "&#x(9|A|d|20AC|1f600);",]
}

fn text() -> impl Strategy<Value = String> {
    let plain = "[ a-z0-9é日😀>'\"\t\r\n.,;=-]{1,10}";
    proptest::collection::vec(prop_oneof![4 => plain.boxed(), 1 => reference().boxed()], 1..4)
        .prop_map(|pieces| pieces.concat())
}

fn attribute() -> impl Strategy<Value = String> {
    let value = |plain: &'static str| {
        proptest::collection::vec(prop_oneof![4 => plain.boxed(), 1 => reference().boxed()], 0..4)
            .prop_map(|pieces| pieces.concat())
    };
    let quoted = prop_oneof![
        value("[ a-z0-9é>\"\t\n/=]{1,8}").prop_map(|value| format!("'{value}'")),
        value("[ a-z0-9é>'\t\n/=]{1,8}").prop_map(|value| format!("\"{value}\"")),
    ];
    (blank(), blank(), quoted).prop_map(|(before, after, value)| format!("{before}={after}{value}"))
}

/// Attributes with different names, each with the white space before it.
fn attributes() -> impl Strategy<Value = String> {
    proptest::collection::btree_map(name(), ("[ \t\n]{1,2}", attribute()), 0..4).prop_map(|attributes| {
        let texts = attributes.into_iter().map(|(name, (space, rest))| format!("{space}{name}{rest}"));
        texts.collect::<Vec<_>>().concat()
    })
}

fn comment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ a-z<>&'\"é]{0,8}".prop_map(|text| format!("<!--{text}-->")),
        "[ a-z<&>'\"?é]{0,8}"
            .prop_filter("ends a PI", |text| !text.contains("?>"))
            .prop_map(|text| format!("<?p {text}?>")),
    ]
}

fn cdata() -> impl Strategy<Value = String> {
    "[ a-z<>&'\"\\[\n]{0,10}".prop_map(|text| format!("<![CDATA[{text}]]>"))
}

fn element() -> impl Strategy<Value = String> {
    let empty =
        (name(), attributes(), blank(), any::<bool>()).prop_map(|(name, attributes, space, closed)| {
            if closed {
                format!("<{name}{attributes}{space}/>")
            } else {
                format!("<{name}{attributes}{space}></{name}{space}>")
            }
        });
    empty.prop_recursive(5, 60, 6, |inner| {
        let content = prop_oneof![
            4 => inner,
            3 => "\n {0,6}",
            2 => text(),
            1 => cdata(),
            1 => comment(),
        ];
        (name(), attributes(), proptest::collection::vec(content, 0..6), blank()).prop_map(
            |(name, attributes, content, space)| {
                // Two texts side by side could make the forbidden `]]>` or half a reference.
                format!("<{name}{attributes}{space}>{}</{name}{space}>", content.concat())
            },
        )
    })
}

fn document() -> impl Strategy<Value = String> {
    let start = prop_oneof![
        Just(""),
        Just("\u{feff}"),
        Just("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
        Just("\u{feff}<?xml version='1.0' standalone='yes' ?>\r\n"),
    ];
    let doctype = prop_oneof![3 => Just(""), 1 => Just("<!DOCTYPE a [<!ENTITY e \"]>\">]>\n")];
    let misc = || proptest::collection::vec(prop_oneof![comment().boxed(), "[ \n]{1,2}".boxed()], 0..3);
    (start, misc(), doctype, misc(), element(), misc()).prop_map(
        |(start, before, doctype, between, root, after)| {
            format!("{start}{}{doctype}{}{root}{}", before.concat(), between.concat(), after.concat())
        },
    )
}

fn value() -> impl Strategy<Value = String> {
    "[ a-zé😀<>&'\"\t\r\n\\]-]{0,12}"
}

fn read(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_document_prints_as_it_was_read(text in document()) {
        let document = read(&text);
        prop_assert_eq!(document.to_string(), text.clone());
        prop_assert_eq!(document.copy().to_string(), text.clone());
        let root = read(&document.root().to_string());
        prop_assert!(root == document, "an element prints by itself, too");
    }

    #[test]
    fn a_set_attribute_is_read_back_and_nothing_else_changes(
        text in document(), at in any::<prop::sample::Index>(), name in name(), value in value(),
    ) {
        let document = read(&text);
        let elements = document.all("//*").expect("a good path");
        let super::Value::Node(node) = &elements[at.index(elements.len())] else { unreachable!("`*` finds elements") };
        let had = node.attr(&name);
        let others = |document: &Document| {
            let texts = document.all("//text()").expect("a good path").len();
            (texts, document.all("//@*").expect("a good path").len() - usize::from(node.attr(&name).is_some()))
        };
        let others_before = others(&document);
        node.set_attr(&name, &value).expect("a good value");
        prop_assert_eq!(node.attr(&name), Some(value.clone()));
        prop_assert_eq!(read(&document.to_string()).to_string(), document.to_string());
        prop_assert_eq!(others(&document), others_before);
        let (before, after) = difference(&text, &document.to_string());
        match had {
            Some(old) if old == value => prop_assert_eq!((before, after), (String::new(), String::new())),
            // Only characters between the quotes are other ones.
            Some(_) => prop_assert!(!before.contains('<') && !after.contains('<'), "{before:?} {after:?}"),
            None => prop_assert!(before.is_empty() && after.contains(&name), "{before:?} {after:?}"),
        }
    }

    #[test]
    fn a_set_text_is_read_back_and_nothing_else_changes(
        text in document(), at in any::<prop::sample::Index>(), value in value(),
    ) {
        let document = read(&text);
        let leaves = document.all("//*[not(*)]").expect("a good path");
        let super::Value::Node(node) = &leaves[at.index(leaves.len())] else { unreachable!("`*` finds elements") };
        let (tag, attributes) = (node.tag(), node.all("@*").expect("a good path").len());
        let others = document.all("//@*").expect("a good path").len();
        node.set_text(&value).expect("a good value");
        prop_assert_eq!(node.text(), value.clone());
        let again = read(&document.to_string());
        prop_assert!(again == document);
        prop_assert_eq!(node.tag(), tag);
        prop_assert_eq!(node.all("@*").expect("a good path").len(), attributes);
        prop_assert_eq!(again.all("//@*").expect("a good path").len(), others);
        prop_assert_eq!(again.all("//*").expect("a good path").len(), document.all("//*").expect("a good path").len());
    }

    #[test]
    fn an_added_element_can_be_removed_again(text in document(), added in element()) {
        let document = read(&text);
        let before = document.copy();
        let node = document.add(&added).expect("one element");
        prop_assert!(read(&added).root() == node, "it says what was added");
        prop_assert!(read(&document.to_string()) == document);
        node.remove().expect("not the root");
        prop_assert!(document == before, "{document}\n{before}");
    }

    #[test]
    fn what_differs_can_be_looked_up(a in document(), b in document()) {
        fuzz::difference(format!("{a}\0{b}").as_bytes());
        let (a, b) = (read(&a), read(&b));
        for change in a.diff(&b).expect("not too deep") {
            let side = if change.kind == super::ChangeKind::Added { &b } else { &a };
            let found = side.text_at(&change.path).expect("a good path");
            prop_assert!(found.is_some() || change.path.ends_with("text()"), "{}", change.path);
        }
    }

    #[test]
    fn damaged_documents_are_refused_or_print_the_same(
        text in document(), at in any::<prop::sample::Index>(), junk in "\\PC{0,3}|[<>&'\"/=!?\\[\\]-]{1,3}|\0", cut in 0..3_usize,
    ) {
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let first = at.index(boundaries.len());
        let (at, end) = (boundaries[first], boundaries[(first + cut).min(boundaries.len() - 1)]);
        let damaged = format!("{}{junk}{}", &text[..at], &text[end..]);
        fuzz::document(damaged.as_bytes());
        fuzz::fragment(damaged.as_bytes());
    }

    #[test]
    fn any_bytes_are_refused_or_print_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        fuzz::document(&bytes);
        fuzz::path(&bytes);
    }

    #[test]
    fn any_path_is_refused_or_works(
        tokens in proptest::collection::vec(prop_oneof![
            Just("disk"), Just("devices"), Just("target"), Just("@dev"), Just("/"), Just("//"), Just("["), Just("]"),
            Just("'vda'"), Just("="), Just("!="), Just(" and "), Just(" or "), Just("not("), Just("("), Just(")"),
            Just("*"), Just("."), Just(".."), Just("text()"), Just("last()"), Just("2"), Just("contains("), Just(","),
            Just("new"), Just("[@a='b']"), Just("[c/@d='e']"), Just("@*"), Just("|"), Just("::"), Just("\""),
        ], 0..12),
        value in value(),
    ) {
        let path = tokens.concat();
        fuzz::path(format!("{path}\n{value}").as_bytes());
        if let Err(error) = Path::parse(&path) {
            prop_assert!(error.to_string().starts_with("wrong path, column "), "{error}");
        }
    }
}

/// Returns what is between the common start and the common end of two texts.
fn difference(a: &str, b: &str) -> (String, String) {
    let start = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - start;
    let end = a.bytes().rev().zip(b.bytes().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let between =
        |text: &str| String::from_utf8_lossy(&text.as_bytes()[start..text.len() - end]).into_owned();
    (between(a), between(b))
}
