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
