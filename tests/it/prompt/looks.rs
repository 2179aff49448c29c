//! How the prompt presents itself: what the configuration and the environment say.

use std::time::Duration;

use super::player::Player;
use crate::support::{Need, Virhai, eventually, lab_or_skip};

const CONFIG: &str = ".config/virhai/config.toml";

#[test]
fn vi_keys() {
    let world = Virhai::new().home_file(CONFIG, "[prompt]\nkeys = \"vi\"\n");
    let player = Player::on_small_node(world);
    let steps = [
        ("print(\"hexlo\")<Escape>0fxrlA<Enter>", "\nhello\nnode>"),
        ("abc<Escape>cc6 * 7<Enter>", "\n42\nnode>"),
        ("1 2 3<Escape>0wi+ <Escape>wi+ <Enter>", "\n6\nnode>"),
        ("<Escape>kk", "\nnode> 6 * 7"),
        ("<C-c><C-r>hel<Enter>", "\nhello\nnode>"),
    ];
    for (keys, expected) in steps {
        player.press(keys);
        player.wait(&format!("{expected:?} after {keys}"), |screen| screen.ends_with(expected));
    }
}

#[test]
fn the_prompt_of_virsh() {
    let open = |options: &[&str], prompt: &str| {
        let words = [options, &["-c", "test:///default"]].concat();
        Player::open(Virhai::new().arg("virsh").args(words), prompt)
    };
    open(&[], "virsh #").play(
        "# commands of virsh, their completion, and Rhai\n\
         > domsta<Tab>e t<Tab><Enter>\n  running\n\
         > domain(\"test\").vcpus<Enter>\n  2\n  virsh #",
    );
    open(&["-r"], "virsh >").play("# read-only\n> suspend test<Enter>\n  error: …\n  …\n  virsh >");
}

#[test]
fn a_connection_that_cannot_be_opened_is_told_and_the_prompt_stays() {
    Player::open(Virhai::new().connect("test:///no/such/node.xml"), "test:///no/such/node.xml>").play(
        "# once for each use\n> domains()<Enter>\n  error: …\n  …\n  test:///no/such/node.xml>\n\
         # what needs no connection works\n> 6 * 7<Enter>\n  42",
    );
}

#[test]
fn a_pager_shows_what_is_taller_than_the_screen() {
    lab_or_skip!(Need::Program("less"));
    let player = Player::on_small_node(Virhai::new().env("PAGER", "less"));
    player.play(
        "# Ctrl-C stays in it, q leaves it\n\
         > let a = []; for i in 0..200 { a.push(`row ${i}`) } a<Enter>\n  row 0\n  row 1\n- row 100\n\
         > <C-c>\n\
         > G\n  row 199\n\
         > q\n  …\n  node>\n\
         > a.len()<Enter>\n  200\n\
         # what is shorter than the screen does not go through it\n\
         > a.extract(0..3)<Enter>\n  row 0\n  row 1\n  row 2\n  node>",
    );
}

#[test]
fn a_pager_that_does_not_exist_hides_nothing() {
    let player = Player::on_small_node(Virhai::new().env("PAGER", "/no/such/pager"));
    player.play("# it is shown at once\n> let a = []; for i in 0..60 { a.push(`row ${i}`) } a<Enter>\n  row 59\n  node>");
}

#[test]
fn an_editor_changes_a_definition() {
    let player = Player::on_small_node(
        Virhai::new()
            .file("title", "#!/bin/sh\nsed -i 's|</name>|</name><title>edited</title>|' \"$1\"\n")
            .file("nothing", "#!/bin/sh\nexit 0\n")
            .env("VISUAL", "sh ./title"),
    );
    player.play(
        "# a script in the place of a person\n> edit old<Enter>\n  Domain 'old' XML configuration edited.\n\
         > domain(\"old\").title<Enter>\n  edited\n  node>",
    );
    let player = Player::on_small_node(Virhai::new().env("VISUAL", "true"));
    player.play("# nothing was changed\n> edit old<Enter>\n  Domain 'old' XML configuration not changed.\n> 6 * 7<Enter>\n  42");
    let player = Player::on_small_node(Virhai::new().env("VISUAL", "false"));
    player.play("# an editor that fails\n> edit old<Enter>\n  error: …\n> 6 * 7<Enter>\n  42");
}

#[test]
fn a_start_up_script_runs_first() {
    let config = "[prompt]\nstartup = \"~/start.rhai\"\n";
    let world = |script: &str| Virhai::new().home_file(CONFIG, config).home_file("start.rhai", script);
    Player::on_small_node(world("let answer = 42; fn half(n) { n / 2 }"))
        .play("# what it defines is there\n> half(answer)<Enter>\n  21");
    let player = Player::on_small_node(world("nonesuch()"));
    assert!(player.screen().contains("nonesuch"), "{}", player.screen());
    player.play("# one that fails keeps nobody out\n> 6 * 7<Enter>\n  42");
}

#[test]
fn two_prompts_keep_one_history() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Player::on_small_node(Virhai::new().env("STATE_DIRECTORY", folder.path()));
    let (one, other) = (open(), open());
    one.play("# here\n> \"from one\"<Enter>\n  from one");
    other.play("# and there\n> \"from other\"<Enter>\n  from other");
    one.play("# and here again\n> \"later\"<Enter>\n  later");
    let history = std::fs::read_to_string(folder.path().join(virhai::repl::HISTORY_FILE)).unwrap();
    assert_eq!(history, "#V2\n\"from one\"\n\"from other\"\n\"later\"\n");
    open().play(
        "# all of it comes back\n> <C-r>from o\n  …from other…\n> <C-c><Up><Up><Up>\n  node> \"from one\"",
    );
}

#[test]
fn brackets_that_belong_together_and_wrong_words_have_colours() {
    let player = Player::on_small_node(Virhai::new());
    player.play("# the bracket at the cursor and its partner\n> print(\"a\")\n  node> print(\"a\")");
    let coloured = player.terminal.coloured_screen();
    assert_eq!(coloured.matches("\x1b[1m\x1b[33m(").count(), 1, "{coloured:?}");
    player.play("# a line of virsh\n> list --all\n  node> list --all…");
    let coloured = player.terminal.coloured_screen();
    assert!(coloured.contains("mlist\x1b") && coloured.contains("\x1b[33m--all"), "{coloured:?}");
}

#[test]
fn the_cursor_stands_where_the_next_letter_comes() {
    let player = Player::on_small_node(Virhai::new());
    let start = player.terminal.cursor().0;
    // Wide letters take two columns, marks none.
    for (keys, column) in
        [("漢字", 4), ("<Left>", 2), ("é", 3), ("e\u{301}", 4), ("<End>x<Home>", 0), ("<End>", 7)]
    {
        player.press(keys);
        eventually(Duration::from_secs(20), &format!("column {column} after {keys}"), || {
            (player.terminal.cursor().0 == start + column).then_some(())
        });
    }
}

#[test]
fn lines_that_have_left_the_screen_are_drawn_once_and_the_rest_is_right() {
    let player = Player::on_small_node(Virhai::new());
    let rows = (0..60).map(|row| format!("let row_{row} = {row};\n")).collect::<Vec<_>>().concat();
    player.terminal.paste(&format!("{rows}let sum = row_1"));
    player.wait("the end of what was pasted", |screen| screen.ends_with("let sum = row_1"));
    // The brackets stand out and signatures come and go: the drawing changes at each key.
    player.press(" + [row_2, 3].len(");
    player.wait("a signature", |screen| screen.contains("let sum = row_1 + [row_2, 3].len("));
    player.press(")<Left><Left><Left><Left><Left> <Up><Up><End>//<Down><Down><End>;");
    player.wait("what was typed", |screen| {
        screen.ends_with("let row_58 = 58;//\nlet row_59 = 59;\nlet sum = row_1 + [row_2, 3]. len();")
            && screen.lines().next().is_some_and(|first| first.starts_with("let row_3"))
    });
    let times = |row: &str| player.terminal.whole_screen().lines().filter(|line| line.ends_with(row)).count();
    for row in ["> let row_0 = 0;", "let row_5 = 5;", "let row_29 = 29;", "let row_59 = 59;"] {
        assert_eq!(times(row), 1, "{row}");
    }
    player.press("<Enter>sum<Enter>");
    player.wait("its value", |screen| screen.ends_with("\n3\nnode>"));
    assert_eq!(times("let row_5 = 5;"), 1);
    // A change above the screen is drawn.
    player.press("<Up><Up>");
    player.wait("the input again", |screen| screen.ends_with("len();"));
    assert_eq!(times("let row_5 = 5;"), 2);
    player.press("<C-c>");
}
