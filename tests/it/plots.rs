//! `plot`, `save_plot` and `plot_svg` as a user meets them.

use crate::support::Virhai;

fn run(code: &str) -> Virhai {
    Virhai::new().args(["-e", code])
}

#[test]
fn a_plot_is_drawn_in_what_the_terminal_can_show() {
    let code = "plot([1, 3, 2, 5], #{ unit: \"percent\", width: 60, height: 8, title: \"CPU\" })";
    let drawn = run(code).any_stdout().run().stdout();
    assert!(drawn.starts_with("CPU\n5 %│") && drawn.contains('⣀') && !drawn.contains('\x1b'), "{drawn}");
    let plain = run(code).env("LC_ALL", "C").any_stdout().run().stdout();
    assert!(plain.is_ascii() && plain.contains('*'), "{plain}");
    let colored = Virhai::new().args(["--color", "always", "-e", "plot(#{ a: [1, 2], b: [2, 1] })"]);
    let colored = colored.any_stdout().run().stdout();
    assert!(colored.contains("\x1b[36m━━\x1b[0m a  \x1b[33m━━\x1b[0m b"), "{colored}");
}

#[test]
fn what_is_no_series_is_wrong_usage_and_nothing_is_drawn() {
    for (series, why) in [
        ("[]", "the series is empty"),
        ("#{}", "there is no line to draw"),
        ("#{ a: [] }", "the series \"a\" is empty"),
        ("[1, \"x\"]", "element 1 is string, not a number"),
        ("[1, ()]", "element 1 is (), not a number"),
        ("[0.0 / 0.0]", "the series has NaN, which cannot be drawn"),
        ("[1.0 / 0.0]", "the series has inf, which cannot be drawn"),
        ("5", "a series is an array of numbers, not i64"),
        ("#{ a: [1], b: [[\"2026-03-01\", 1]] }", "\"a\" and \"b\" do not both have times"),
        ("[#{ time: \"soon\", value: 1 }]", "\"soon\" is not a time"),
        ("[#{ value: 1 }]", "element 0 is a map without `time` and `value`"),
        ("[[1, 2, 3]]", "element 0 has 3 parts, not 2"),
        ("[1, [\"2026-03-01\", 1]]", "element 1 does not have a time as those before it, or has one"),
    ] {
        for call in ["plot(S)", "plot_svg(S)", "save_plot(\"x.svg\", S)"] {
            let code = call.replace('S', series);
            run(&code).status(1).stderr_contains(why).stderr_contains("hint: ").run();
        }
    }
    run("plot([1], #{ width: 5 })")
        .status(1)
        .stderr_contains("the width of a picture is 40 to 1000, not 5")
        .run();
    run("plot([1], #{ tilte: \"x\" })").status(1).stderr_contains("did you mean `title`?").run();
}

#[test]
fn a_picture_is_a_file_that_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("load.svg");
    let code = format!("save_plot({file:?}, [1, 2, 3], #{{ title: \"a < b\" }})");
    run(&code).run();
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("a &lt; b"), "{svg}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    std::fs::remove_file(&file).unwrap();
    Virhai::new().args(["--deny", "write", "-e", &code]).status(1).stderr_contains("--deny write").run();
    assert!(!file.exists());
    run("save_plot(\"/no/such/folder/x.svg\", [1])").status(1).stderr_contains("/no/such/folder/x.svg").run();
}
