//! Schedules fire when systemd says they do: here, and in the form that cron, Kubernetes and Nomad read.

use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use virhai::jobs::Calendar;

use super::cron::Cron;
use crate::support::{Need, lab_or_skip};

const HOME: &str = "Europe/Berlin";

/// Where each list of moments begins: a year, and shortly before each change of the clock in it.
const BASES: [&str; 3] = ["2026-01-01 00:00:00", "2026-03-28 20:00:00", "2026-10-24 20:00:00"];

/// How many moments are compared from each of these.
const MOMENTS: usize = 400;

const DAYS: [&str; 15] = [
    "",
    "Mon",
    "Mon..Fri",
    "Sat,Sun",
    "Sun..Sun",
    "Tue,Thu..Sat",
    "*-*-1,15",
    "*-*-1/7",
    "*-*-28..31",
    "*-1..6-*",
    "*-1/3-1",
    "Mon *-3,10-*",
    "3-29",
    "*-02-29",
    "sunday *-*-*",
];

const TIMES: [&str; 12] = [
    "00:00",
    "02:30",
    "02:00:00",
    "23:59",
    "*:0/15",
    "*:5/20",
    "8..18:00",
    "8..18/2:15,45",
    "0/6:00",
    "1,2,3:05",
    "0..4/2:30..32",
    "*:1,3,7,59",
];

/// Words, zones, and forms that stand alone.
const ALONE: [&str; 24] = [
    "minutely",
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "semiannually",
    "yearly",
    "Daily UTC",
    "Mon",
    "Fri..Sat",
    "*-12-24",
    "02:30 UTC",
    "02:30 America/New_York",
    "Mon..Fri *:0/30 Asia/Kolkata",
    "*-*-1 00:30 Australia/Lord_Howe",
    "hourly Europe/Berlin",
    "0/2:00 America/New_York",
    "*-*-31 12:00",
    "Mon-Wed 7:7",
    "*-06,07-01/2 03:03",
    "*:*",
    "01..03:*",
    "Thu,Fri,Sat,Sun,Mon,Tue,Wed 02:30",
];

/// What lists, ranges and steps do not say, and the part that each refusal names.
const REFUSED: [(&str, &str); 12] = [
    ("*:*:30", "\"30\", seconds"),
    ("02:30:00/20", "\"00/20\", seconds"),
    ("*-*~1", "\"*-*~1\", days counted from the end"),
    ("*-02~03 04:00", "\"*-02~03\", days counted from the end"),
    ("2027-*-* 02:30", "\"2027\", a year"),
    ("2026..2028-01-01", "\"2026..2028\", a year"),
    ("Mon *-*-1..7 03:00", "a weekday together with a day of the month"),
    ("Sun *-*-15/2 *:0/10", "a weekday together with a day of the month"),
    ("Fri *-*-13", "a weekday together with a day of the month"),
    ("Mon..Sat *-1-1,2 02:30", "a weekday together with a day of the month"),
    ("@86400", "\"@86400\", a moment"),
    ("02:30:00.5", "\"00.5\", seconds"),
];

fn accepted() -> Vec<String> {
    let both =
        DAYS.iter().flat_map(|day| TIMES.iter().map(move |time| format!("{day} {time}").trim().to_owned()));
    both.chain(ALONE.map(str::to_owned)).collect()
}

/// What `systemd-analyze calendar` lists for each.
fn told_by_systemd(schedules: &[String], base: &str) -> Vec<Vec<Timestamp>> {
    let run = Command::new("systemd-analyze")
        .args(["calendar", &format!("--iterations={MOMENTS}"), &format!("--base-time={base}"), "--"])
        .args(schedules)
        .envs([("TZ", HOME), ("LC_ALL", "C.UTF-8"), ("SYSTEMD_COLORS", "0")])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let mut lists = Vec::new();
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["Normalized", "form:", ..] => lists.push(Vec::new()),
            ["(in", "UTC):", _, date, time, "UTC"] => {
                lists.last_mut().unwrap().push(format!("{date}T{time}Z").parse().unwrap());
            }
            _ => {}
        }
    }
    lists
}

/// How many of its moments systemd gets right: where a step of days leads past the end of December, version 252 goes on
/// from the fifth of January or so and misses the first.
fn before_a_fault_of_systemd(schedule: &str, told: &[Timestamp], zone: &TimeZone) -> usize {
    let year = |moment: &Timestamp| moment.to_zoned(zone.clone()).year();
    let first_year = told.iter().take_while(|moment| year(moment) == year(&told[0])).count();
    if schedule.starts_with("*-*-1/7") { first_year } else { told.len() }
}

#[test]
fn two_hundred_schedules_fire_in_every_form_when_systemd_says() {
    lab_or_skip!(Need::Program("systemd-analyze"));
    let schedules = accepted();
    assert!(schedules.len() + REFUSED.len() >= 200);
    let home = TimeZone::get(HOME).unwrap();
    for base in BASES {
        let first = base.parse::<jiff::civil::DateTime>().unwrap().to_zoned(home.clone()).unwrap();
        let lists = told_by_systemd(&schedules, base);
        assert_eq!(lists.len(), schedules.len());
        for (text, mut told) in schedules.iter().zip(lists) {
            told.truncate(before_a_fault_of_systemd(text, &told, &home));
            let calendar = Calendar::parse(text).unwrap();
            let ours: Vec<Timestamp> =
                calendar.times(&first).take(told.len()).map(|time| time.timestamp()).collect();
            assert_eq!(ours, told, "{text}, from {base}");

            let zone = calendar.zone().map_or(home.clone(), |zone| TimeZone::get(zone).unwrap());
            let Some(last) = told.last() else { panic!("{text} never fires") };
            let fields = calendar.to_cron().unwrap().to_string();
            let fired = Cron::parse(&fields).moments(&zone, first.timestamp(), *last);
            let once: Vec<Timestamp> =
                fired.iter().filter(|(_, again)| !again).map(|(time, _)| *time).collect();
            assert_eq!(once, told, "{text} as {fields}, from {base}");
            // What the clock shows twice is the one difference, and an export warns of it.
            if fired.iter().any(|(_, again)| *again) {
                let change = calendar.clock_change(&first.with_time_zone(zone));
                assert!(change.is_some(), "{text} fires twice without a warning");
            }
        }
    }
}

#[test]
fn what_has_no_form_in_cron_is_refused_by_its_part() {
    lab_or_skip!(Need::Program("systemd-analyze"));
    for (text, part) in REFUSED {
        let refusal = match Calendar::parse(text) {
            Ok(calendar) => calendar.to_cron().expect_err(text).to_string(),
            Err(error) => panic!("{text}: {error}"),
        };
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
}

#[test]
fn what_is_no_schedule_for_systemd_is_none_here() {
    lab_or_skip!(Need::Program("systemd-analyze"));
    let parts = [
        "",
        "Mon",
        "Mon,,Fri",
        "Sat..Mon",
        "tues",
        "*-*-31/2",
        "*-*-*/2",
        "1-5:00",
        "*:0/61",
        "0/0:00",
        "24:00",
        "5..1:00",
        "UTC",
        "daily",
        "1:00,*",
        "13-1",
        "Nowhere/City",
        "02:30",
        "a b",
        "*-*-0",
    ];
    for text in parts.iter().flat_map(|first| parts.iter().map(move |second| format!("{first} {second}"))) {
        let accepts = !text.trim().is_empty() && {
            let mut systemd = Command::new("systemd-analyze");
            systemd.args(["calendar", "--", text.trim()]).output().unwrap().status.success()
        };
        assert_eq!(Calendar::parse(&text).is_ok(), accepts, "{text}");
    }
}
