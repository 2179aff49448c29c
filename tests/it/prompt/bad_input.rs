//! What the prompt must survive, typed or pasted: endless, deep, huge, binary, unbalanced.

use std::time::Duration;

use super::keystrokes::answers;
use crate::support::{Pty, Virhai};

/// Bad input that is small enough to be pasted often.
pub(super) const SMALL: &[&[u8]] = &[
    b"loop {}",
    b"while true { sleep(0.01) }",
    b"fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(10000)",
    b"fn f() { f() } f()",
    b"let x = [\"",
    b"\"open",
    b"`open ${",
    b"((((((((((((((((((((((((((((((((((((((((((((((((((",
    b"}}}}]]]]))))",
    b"/* never closed",
    b"\x00\x01\x02\x7f\x1b[31m",
    b"\xff\xfe\xc3\x28\xed\xa0\x80\xf8",
    b"let name = \"a\x00b\"",
    b"\x7fELF\x02\x01\x01\x00\x00\x00\xde\xad\xbe\xef",
    b"line 1\r\nline 2\rline 3\n",
    b"\xef\xbb\xbf1 + 1",
    b"domain(\"<&'\\\"\\n\xc3\xbc\")",
    b"#!/usr/bin/env virhai\n1 + 1",
    b"%s%n%x",
];

fn open() -> Pty {
    let pty = Pty::open(Virhai::new().small_node().env("PAGER", "cat"));
    pty.wait_for("> ");
    pty
}

fn pasted(bytes: &[u8]) -> Vec<u8> {
    [b"\x1b[200~", bytes, b"\x1b[201~"].concat()
}

/// Leaves with Ctrl-D, which must be all that ends it.
#[track_caller]
fn leave(mut pty: Pty) {
    pty.forget();
    pty.send(b"\x04");
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn bad_input_is_survived_typed_and_pasted() {
    let mut pty = open();
    for (number, input) in SMALL.iter().enumerate() {
        pty.send(&[*input, b"\r"].concat());
        answers(&mut pty, number);
        pty.forget();
        pty.send(&[pasted(input), b"\r".to_vec()].concat());
        answers(&mut pty, number);
        pty.forget();
    }
    leave(pty);
}

#[test]
fn bytes_that_are_no_text_drop_only_what_was_typed() {
    let mut pty = open();
    pty.send(b"let kept = 40;\r");
    answers(&mut pty, 1);
    pty.send(b"half \xff\xfe");
    pty.wait_for("is no text in UTF-8");
    answers(&mut pty, 2);
    pty.forget();
    // What stands behind such bytes in a paste is not run either, however long it is.
    let lines = "print(\"run \" + 1)\n".repeat(1_000);
    pty.send(&pasted(&[b"\xc3\x28 1 \x80\n", lines.as_bytes()].concat()));
    pty.wait_for("is no text in UTF-8");
    answers(&mut pty, 3);
    assert!(!pty.comes("run 1\r", Duration::ZERO));
    pty.send(b"kept + 2\r");
    pty.wait_for("\n42\r");
    leave(pty);
}

#[test]
fn deep_recursion_is_an_error_and_deep_nesting_too() {
    let mut pty = open();
    pty.send(b"fn deep(n) { if n == 0 { 0 } else { 1 + deep(n - 1) } } deep(10000)\r");
    answers(&mut pty, 1);
    let nested = ["(".repeat(5_000), "1".into(), ")".repeat(5_000)].concat();
    pty.send(&[pasted(nested.as_bytes()), b"\r".to_vec()].concat());
    answers(&mut pty, 2);
    let blocks = ["{".repeat(5_000), "1".into(), "}".repeat(5_000)].concat();
    pty.send(&[pasted(blocks.as_bytes()), b"\r".to_vec()].concat());
    answers(&mut pty, 3);
    leave(pty);
}

#[test]
fn ten_million_elements_are_built_and_can_be_forgotten() {
    let mut pty = open();
    pty.send(b"let all = []; all.pad(10000000, 1); all.len()\r");
    pty.wait_for("\n10000000\r");
    pty.send(b"all = (); 6 * 7\r");
    pty.wait_for("\n42\r");
    // Somebody who did not mean to see them all.
    pty.send(b"let all = []; for i in 0..10000000 { all.push(i) } all\r");
    std::thread::sleep(Duration::from_millis(500));
    answers(&mut pty, 1);
    leave(pty);
}

#[test]
fn a_megabyte_in_a_line_is_one_input() {
    let mut pty = open();
    let line = format!("\"{}\".len()", "0123456789".repeat(100_000));
    pty.send(&[pasted(line.as_bytes()), b"\r".to_vec()].concat());
    pty.wait_for("\n1000000\r");
    answers(&mut pty, 1);
    leave(pty);
}

#[test]
fn names_of_any_letters_go_through_unchanged() {
    let pty = open();
    pty.send(b"conn().define_domain(`<domain type=\"test\"><name>a &lt;b&gt; '\"\xc3\xbc\xe6\xbc\xa2</name><memory>1024</memory><os><type>hvm</type></os></domain>`).name\r");
    pty.wait_for("\na <b> '\"ü漢\r");
    pty.send("domain(\"a <b> '\\\"ü漢\").state\r".as_bytes());
    pty.wait_for("\nshutoff\r");
    leave(pty);
}
