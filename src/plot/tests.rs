use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::error::code;

const PLAIN: Signs = Signs { utf8: true, color: false };

fn one(values: &[f64]) -> Series {
    let points = values.iter().enumerate().map(|(place, value)| (place as f64, *value)).collect();
    Series::new(vec![Line { name: String::new(), points }], Across::Number).unwrap()
}

fn named(names: &[&str]) -> Series {
    let line = |(place, name): (usize, &&str)| Line {
        name: (*name).to_owned(),
        points: vec![(0.0, place as f64), (1.0, place as f64 + 1.0)],
    };
    Series::new(names.iter().enumerate().map(line).collect(), Across::Number).unwrap()
}

fn labels(scale: &Scale) -> Vec<&str> {
    scale.marks.iter().map(|(_, label)| label.as_str()).collect()
}

#[test]
fn marks_are_round_numbers_of_the_unit() {
    let gib = 1024.0 * 1024.0 * 1024.0;
    let scale = Scale::of_values(0.4 * gib, 3.7 * gib, &Unit::Bytes, 5);
    assert_eq!(labels(&scale), ["0 GiB", "1 GiB", "2 GiB", "3 GiB", "4 GiB"]);
    assert_eq!(labels(&Scale::of_values(12.0, 93.0, &Unit::Percent, 4)), ["0 %", "50 %", "100 %"]);
    assert_eq!(labels(&Scale::of_values(0.0, 0.004, &Unit::Seconds, 3)), ["0 ms", "2 ms", "4 ms"]);
    assert_eq!(labels(&Scale::of_values(0.0, 90_000.0, &Unit::None, 3)), ["0 k", "50 k", "100 k"]);
    assert_eq!(
        labels(&Scale::of_values(99.5, 99.9, &Unit::Percent, 5)),
        ["99.5 %", "99.6 %", "99.7 %", "99.8 %", "99.9 %"]
    );
    assert_eq!(labels(&Scale::of_values(-3.0, 5.0, &Unit::None, 4)), ["-5", "0", "5"]);
}

#[test]
fn numbers_that_are_all_alike_or_far_apart_have_an_axis() {
    for (low, high) in
        [(0.0, 0.0), (5.0, 5.0), (-7.0, -7.0), (1e15, 1e15 + 1.0), (-1e100, 1e100), (1e-300, 1e-299)]
    {
        for unit in [Unit::None, Unit::Bytes, Unit::Seconds, Unit::Percent] {
            let scale = Scale::of_values(low, high, &unit, 6);
            assert!(
                scale.low < scale.high && scale.low <= low && scale.high >= high,
                "{low} {high} {scale:?}"
            );
            assert!((2..=6).contains(&scale.marks.len()), "{low} {high} {scale:?}");
            let scale = Scale::of_numbers(low, high, 6);
            assert!(scale.low < scale.high && scale.marks.len() <= 14, "{low} {high} {scale:?}");
        }
    }
}

#[test]
fn times_are_marked_by_the_clock_and_the_calendar() {
    let paris = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let at = |text: &str| crate::units::parse_time(text).unwrap().timestamp().as_second() as f64;
    let marks = |low: &str, high: &str| Scale::of_times_in(at(low), at(high), |_| 5, &paris);
    let hours = marks("2026-03-01T05:10:00Z", "2026-03-01T13:00:00Z");
    assert_eq!(labels(&hours), ["03-01 08:00", "03-01 10:00", "03-01 12:00", "03-01 14:00"]);
    // The clocks change on the 25th of October: midnight stays midnight.
    let days = marks("2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z");
    assert_eq!(labels(&days), ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]);
    assert_eq!(labels(&marks("2026-03-01T05:10:00Z", "2026-03-01T05:10:00Z")), ["2026-03-01 06:10:00"]);
    assert!(labels(&marks("1900-01-01T00:00:00Z", "2100-01-01T00:00:00Z")).len() <= 5);
}

#[test]
fn a_drawing_keeps_to_its_columns_and_rows() {
    let time = 1_772_000_000.0;
    let points = (0..500).map(|n| (time + f64::from(n) * 3600.0, f64::from(n).sin() * 1e9)).collect();
    let times = Series::new(vec![Line { name: "größe\x1b[2J\n".into(), points }], Across::Time).unwrap();
    let many =
        named(&["a very long name of a guest that has no end at all", "web1", "web2", "db1", "cache", "old"]);
    for series in [&one(&[1.0]), &one(&[1.0, 5.0, 2.5]), &times, &many] {
        for unit in [Unit::None, Unit::BytesPerSecond, Unit::Seconds, Unit::Other("requests/s".into())] {
            for (width, height) in [(40, 5), (80, 15), (200, 50)] {
                for signs in [PLAIN, Signs { utf8: false, color: false }] {
                    let look = Look { title: Some("t".repeat(500)), unit: unit.clone() };
                    let text = text(series, &look, width, height, signs);
                    assert!(text.lines().all(|line| line.width() <= usize::from(width)), "{width}\n{text}");
                    assert!(!text.contains('\x1b'), "{text}");
                    assert!(signs.utf8 || text.replace("größe", "").is_ascii(), "{text}");
                    assert!(text.lines().count() >= usize::from(height), "{text}");
                }
            }
        }
    }
}

#[test]
fn the_labels_of_a_drawing_are_whole_and_apart() {
    let time = 1_772_000_000.0;
    let points = (0..100).map(|n| (time + f64::from(n) * 3600.0, f64::from(n))).collect();
    let series = Series::new(vec![Line { name: String::new(), points }], Across::Time).unwrap();
    for width in [40, 80, 120, 200] {
        let text = text(&series, &Look::default(), width, 12, PLAIN);
        let bottom = text.lines().last().unwrap();
        let labels: Vec<&str> = bottom.split("  ").map(str::trim).filter(|label| !label.is_empty()).collect();
        assert!(!labels.is_empty() && labels.iter().all(|l| l.len() == 10 || l.len() == 11), "{text}");
        let axis = text.lines().rev().nth(1).unwrap();
        assert_eq!(axis.matches('┬').count(), labels.len(), "{text}");
    }
}

#[test]
fn a_drawing_is_what_it_shows() {
    let text =
        text(&one(&[0.0, 1.0, 2.0, 3.0]), &Look::default(), 40, 6, Signs { utf8: false, color: false });
    let expected = "\
5|
 |                                ******
 |       *************************
0|*******
 ++-----------+------------+-----------+
  0           1            2           3
";
    assert_eq!(text, expected);
}

#[test]
fn several_lines_are_told_apart_by_colour_or_by_sign() {
    let series = named(&["web1", "db1"]);
    let plain = text(&series, &Look::default(), 60, 8, PLAIN);
    assert!(plain.starts_with("* web1  + db1\n"), "{plain}");
    let colored = text(&series, &Look::default(), 60, 8, Signs { utf8: true, color: true });
    assert!(colored.starts_with("\x1b[36m━━\x1b[0m web1  \x1b[33m━━\x1b[0m db1\n"), "{colored}");
    assert_eq!(colored.matches("\x1b[0m").count() % 2, colored.matches("\x1b[3").count() % 2);
}

#[test]
fn a_picture_is_one_element_that_holds_nothing_of_its_texts_but_texts() {
    let look = Look { title: Some("<script>alert(1)</script> & \"x\"\x1b".into()), unit: Unit::Bytes };
    let svg = svg(&named(&["a<b", "c&d"]), &look, 800, 300).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;") && svg.contains("a&lt;b"), "{svg}");
    crate::xml::Document::parse(&svg).unwrap();
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let line = |points: &[(f64, f64)]| Line { name: "web1".into(), points: points.to_vec() };
    let refused = |lines: Vec<Line>| Series::new(lines, Across::Number).unwrap_err();
    for (lines, why) in [
        (vec![], "there is no line to draw"),
        (vec![line(&[])], "the series \"web1\" is empty"),
        (vec![line(&[(0.0, f64::NAN)])], "the series \"web1\" has NaN, which cannot be drawn"),
        (vec![line(&[(0.0, f64::INFINITY)])], "the series \"web1\" has inf, which cannot be drawn"),
        (vec![line(&[(0.0, 0.0)]); 13], "13 lines are too many for one picture"),
    ] {
        let error = refused(lines);
        assert_eq!((error.code(), error.to_string().as_str()), (code::USAGE, why));
        assert!(error.facts().hint.is_some());
    }
    assert!("a unit that is much too long".parse::<Unit>().is_err());
    assert_eq!("1/s".parse::<Unit>().unwrap(), Unit::Other("1/s".into()));
}
