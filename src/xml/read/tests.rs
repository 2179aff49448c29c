use super::read;
use crate::xml::tree::Id;

fn prints_the_same(text: &str) {
    let tree = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(tree.print(Id::DOCUMENT), text);
}

fn message(text: &str) -> String {
    let error = read(text).expect_err(text);
    assert_eq!(error.code(), "xml");
    error.to_string()
}

#[test]
fn whatever_is_well_formed_prints_byte_for_byte() {
    for text in [
        "<a/>",
        "<a></a>",
        "<a />",
        "<a  x = '1'\n\ty=\"2\" ></a >",
        "\u{feff}<?xml version=\"1.0\" encoding='utf-8' standalone=\"no\" ?>\r\n<a>\r\n  <b/>\r\n</a>\r\n",
        "<!-- c --><?pi some > data?><a><!-- <b> --><?p?></a><!----><?q ??>\n",
        "<!DOCTYPE a [ <!ENTITY e '<b>\"]]></b>'> <!-- ]> --> <!ELEMENT a ANY> ]>\n<a>&e;</a>",
        "<!DOCTYPE a SYSTEM \"x[>.dtd\"><a/>",
        "<a>&lt;&#65;&#x42;&amp;amp; ]] > ]&gt;</a>",
        "<a><![CDATA[<b>&x;]]]]><![CDATA[>]]></a>",
        "<q:a xmlns:q='u' q:x='1'><q:b/></q:a>",
        "<ä ö='ü'>日本</ä>",
        "<a x='>' y=\"a'b\"/>",
        "  \n<a/>\t ",
        "<a>\u{85}\u{2028}\u{fffd}\u{10ffff}</a>",
        "<_.-1:x/>",
    ] {
        prints_the_same(text);
    }
}

#[test]
fn depth_costs_no_stack() {
    let levels = 200_000;
    prints_the_same(&format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels)));
    let unclosed = "<a>".repeat(levels);
    assert!(
        message(&unclosed).contains("expected `</a>` for the `<a>` of line 1, found the end of the text")
    );
}

#[test]
fn faults_are_told_with_their_place() {
    for (text, expected) in [
        ("", "line 1, column 1: expected an element, found the end of the text"),
        ("<!-- only -->\n", "line 2, column 1: expected an element"),
        ("hello", "line 1, column 1: expected `<`, found the text `hello` before the root element"),
        ("<a/>\n x", "line 2, column 2: expected `<`, found the text `x` after the root element"),
        ("<a/>&amp;", "line 1, column 5: expected `<`, found the text `&amp;` after"),
        ("<a/><b/>", "line 1, column 5: `<b>` follows the root element"),
        ("<a>\n <b>\n </a>", "line 3, column 2: expected `</b>` for the `<b>` of line 2, found `</a>`"),
        ("<a/></a>", "line 1, column 5: `</a>` closes nothing"),
        ("</a>", "line 1, column 1: `</a>` closes nothing"),
        ("<a>\n<b", "line 2, column 1: a tag is not closed: expected `>`"),
        ("<a x='1>\n", "line 1, column 1: an attribute's value in this tag is not closed: expected `'`"),
        ("<a><!-- x", "line 1, column 4: a comment is not closed: expected `-->`"),
        ("<a><!-- x -- y --></a>", "line 1, column 11: `--` cannot stand in a comment"),
        ("<a><!-- x ---></a>", "line 1, column 11: `--` cannot stand in a comment"),
        ("<a><![CDATA[x</a>", "line 1, column 4: a CDATA section is not closed"),
        ("<![CDATA[x]]><a/>", "line 1, column 1: a CDATA section cannot stand outside the root element"),
        ("<a><!x></a>", "line 1, column 4: expected `<!--`, `<![CDATA[` or `<!DOCTYPE`"),
        ("<a>x & y</a>", "line 1, column 6: expected a reference such as `&amp;`, found a plain `&`"),
        ("<a>&</a>", "line 1, column 4: expected a reference"),
        ("<a>\né&nbsp;</a>", "line 2, column 2: expected a known reference after `&`, found `nbsp`"),
        ("<a>&#0;</a>", "line 1, column 4: `&#0;` stands for no character"),
        ("<a>&#xD800;</a>", "`&#xD800;` stands for no character"),
        ("<a>&#x110000;</a>", "`&#x110000;` stands for no character"),
        ("<a>&# 65;</a>", "expected a reference"),
        ("<a>\n\0</a>", "line 2, column 1: the character U+0000 cannot be in XML 1.0"),
        ("<a x='\u{1b}'/>", "line 1, column 7: the character U+001B cannot be in XML 1.0"),
        ("<a>\u{ffff}</a>", "the character U+FFFF cannot be in XML 1.0"),
        ("<a>]]></a>", "line 1, column 4: `]]>` cannot stand in text"),
        ("<a x='1' x='2'/>", "line 1, column 10: the attribute `x` is there twice"),
        ("<1a/>", "line 1, column 1: expected the name of an element after `<`"),
        ("<>", "line 1, column 1: expected the name of an element after `<`"),
        ("<a>1 < 2</a>", "line 1, column 6: expected the name of an element after `<`"),
        ("\n<?xml version='1.0'?><a/>", "line 2, column 1: the XML declaration must be at the very start"),
        ("<?xml encoding='UTF-8'?><a/>", "line 1, column 1: the XML declaration is not complete"),
        ("<?xml version='1.0' encoding='U;'?><a/>", "the XML declaration is not complete"),
        ("<?xml?><a/>", "line 1, column 1: the XML declaration is not complete"),
        ("<a><?XML x?></a>", "line 1, column 6: `XML` is a reserved name"),
        ("<a><??></a>", "expected the name of a processing instruction"),
        ("<!DOCTYPE a><!DOCTYPE a><a/>", "line 1, column 13: a document type stands once"),
        ("<a/><!DOCTYPE a>", "line 1, column 5: a document type stands once, before the root element"),
        ("<!doctype a><a/>", "line 1, column 1: expected `<!DOCTYPE` and a name"),
    ] {
        let message = message(text);
        assert!(message.contains(expected), "{text:?} gives {message:?} and not {expected:?}");
    }
}

#[test]
fn every_fault_that_people_make_has_a_hint() {
    for text in
        ["", "hello", "<a>", "<a></b>", "<a>&</a>", "<a x=1/>", "<a>\u{1}</a>", "\n<?xml version='1.0'?><a/>"]
    {
        assert!(read(text).expect_err(text).facts().hint.is_some(), "{text}");
    }
}

#[test]
fn text_and_references_between_tags_are_one_item() {
    let tree = read("<a>x&amp;y&#65;<!-- c -->z</a>").expect("well-formed");
    assert_eq!(tree.children(tree.root()).count(), 3);
    assert_eq!(tree.text(tree.root()), "x&yAz");
}
