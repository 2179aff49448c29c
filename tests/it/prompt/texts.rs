//! The dialogues that are written down in `tests/dialogues/`.

use super::player::Player;
use crate::support::Virhai;

#[test]
fn completion() {
    let world =
        Virhai::new().file("disks/web1.qcow2", "").file("disks/web 2.qcow2", "").file("domain.xml", "<x/>");
    Player::on_small_node(world).play_file("completion");
}

#[test]
fn editing() {
    Player::on_small_node(Virhai::new()).play_file("editing");
}

#[test]
fn history() {
    Player::on_small_node(Virhai::new()).play_file("history");
}

#[test]
fn answers() {
    Player::on_small_node(Virhai::new()).play_file("answers");
}

#[test]
fn stopping() {
    Player::on_small_node(Virhai::new()).play_file("stopping");
}

/// A function of as many lines, which adds up their numbers.
fn long_input(lines: u32) -> String {
    let body: Vec<String> = (0..lines - 3).map(|number| format!("    sum += {number};")).collect();
    format!("fn added() {{\n    let sum = 0;\n{}\n    sum\n}}", body.join("\n"))
}

#[test]
fn a_hundred_lines_are_one_input_pasted_or_typed() {
    let player = Player::on_small_node(Virhai::new());
    let answer = "# it is one function\n> added()<Enter>\n  4656\n  node>";
    player.terminal.paste(&long_input(100));
    player.wait("the last line", |screen| screen.ends_with("\n}"));
    player.press("<Enter>");
    player.play(answer);
    // A terminal that does not mark what is pasted sends it as keys.
    player.play("# it can be redefined\n> fn added() { 0 }<Enter>added()<Enter>\n  0\n  node>");
    player.terminal.text(&long_input(100).replace('\n', "\r"));
    player.wait("the last line", |screen| screen.ends_with("\n}"));
    player.press("<Enter>");
    player.play(answer);
    // The history has it as one, too.
    player.play("# it comes back as a whole\n> \"x\"<Enter>\n  x\n> <Up><Up><Up>\n  …sum\n  }");
}
