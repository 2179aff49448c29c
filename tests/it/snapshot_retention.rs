//! What a policy keeps, held against an oracle that is written without a look at the module: it asks of
//! each snapshot whether a newer one of its period is there, and how many newer periods there are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::support::{Virhai, soak};

const PERIODS: [&str; 6] = ["last", "hourly", "daily", "weekly", "monthly", "yearly"];

/// Zones with and without daylight saving, with half hours, a shift at midnight, and a day that never was.
const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia"];

/// Numbers that look like chance and are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::try_from(limit).unwrap()).cast_signed()
    }

    fn one_in(&mut self, number: i64) -> bool {
        self.below(number) == 0
    }
}

#[derive(Clone, Serialize)]
struct Snapshot {
    name: String,
    #[serde(serialize_with = "as_text")]
    time: Timestamp,
    pinned: bool,
    ours: bool,
}

type Policy = BTreeMap<&'static str, i64>;

#[derive(Serialize)]
struct Case {
    list: Vec<Snapshot>,
    policy: Policy,
    #[serde(serialize_with = "as_text")]
    now: Timestamp,
}

fn as_text<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}

/// The period of a kind that a snapshot lies in.
fn period(kind: &str, snapshot: &Snapshot, zone: &TimeZone) -> String {
    let at = snapshot.time.to_zoned(zone.clone());
    let week = at.date().iso_week_date();
    match kind {
        "last" => snapshot.name.clone(),
        "hourly" => format!("{} {} {}", at.date(), at.hour(), at.offset()),
        "daily" => at.date().to_string(),
        "weekly" => format!("{}/{}", week.year(), week.week()),
        "monthly" => format!("{}/{}", at.year(), at.month()),
        _ => at.year().to_string(),
    }
}

/// The names that a policy keeps, by brute force.
fn oracle(case: &Case, zone: &TimeZone) -> BTreeSet<String> {
    let is_newer = |a: &Snapshot, b: &Snapshot| (a.time, &a.name) > (b.time, &b.name);
    let counted: Vec<&Snapshot> =
        case.list.iter().filter(|one| one.ours && !one.pinned && one.time <= case.now).collect();
    let keeps = |one: &Snapshot| {
        let is_counted = one.ours && !one.pinned && one.time <= case.now;
        let newer: Vec<&&Snapshot> = counted.iter().filter(|other| is_newer(other, one)).collect();
        let wanted = |(kind, count): (&&str, &i64)| {
            let periods: BTreeSet<String> = newer.iter().map(|other| period(kind, other, zone)).collect();
            !periods.contains(&period(kind, one, zone)) && periods.len() < usize::try_from(*count).unwrap()
        };
        !is_counted || newer.is_empty() || case.policy.iter().any(wanted)
    };
    case.list.iter().filter(|one| keeps(one)).map(|one| one.name.clone()).collect()
}

/// Moments in ten years: regular ones with gaps, chance, the hours around changes of the clocks, equal ones.
fn moments(chance: &mut Chance, count: i64, zone: &TimeZone) -> Vec<Timestamp> {
    let start: Timestamp = "2006-01-01T00:00:00Z".parse().unwrap();
    let ten_years = 3652 * 24;
    let kind = chance.below(4);
    let step = [1, 24, 30 * 24][usize::try_from(chance.below(3)).unwrap()];
    let first = chance.below(ten_years);
    let shifts: Vec<Timestamp> = zone.following(start).take(20).map(|shift| shift.timestamp()).collect();
    let moment = |place: i64, chance: &mut Chance| match kind {
        0 => start + ((first + place * step) % ten_years).hours() + chance.below(600).seconds(),
        1 => start + (chance.below(ten_years) * 3600 + chance.below(3600)).seconds(),
        2 if !shifts.is_empty() => {
            let shift = shifts[usize::try_from(chance.below(shifts.len() as i64)).unwrap()];
            shift + (chance.below(8 * 3600) - 4 * 3600).seconds()
        }
        _ => start + (first + chance.below(4)).hours(),
    };
    (0..count).map(|place| moment(place, chance)).collect()
}

fn policy(chance: &mut Chance) -> Policy {
    let mut policy: Policy = PERIODS.into_iter().filter(|_| chance.one_in(2)).map(|kind| (kind, 0)).collect();
    if policy.is_empty() {
        policy.insert("last", 0);
    }
    for count in policy.values_mut() {
        *count = chance.below(12);
    }
    policy
}

fn case(chance: &mut Chance, zone: &TimeZone) -> Case {
    let count = chance.below(60);
    let moments = moments(chance, count, zone);
    let snapshot = |(place, time)| Snapshot {
        name: format!("s{place:03}"),
        time,
        pinned: chance.one_in(20),
        ours: !chance.one_in(20),
    };
    let list: Vec<Snapshot> = moments.into_iter().enumerate().map(snapshot).collect();
    // Now and then the clock is earlier than what was made.
    let latest = list.iter().map(|one| one.time).max().unwrap_or("2016-01-01T00:00:00Z".parse().unwrap());
    let now = if chance.one_in(4) { latest - chance.below(9000).hours() } else { latest };
    Case { list, policy: policy(chance), now }
}

/// Runs a script in a zone with `given.json` beside it; returns what it prints, as JSON.
fn told(zone: &str, given: &impl Serialize, script: &str) -> Value {
    let virhai = Virhai::new().connect("test:///default").env("TZ", zone);
    let virhai = virhai.file("given.json", serde_json::to_string(given).unwrap()).file("s.rhai", script);
    let output = virhai.arg("s.rhai").any_stdout().run().stdout();
    serde_json::from_str(&output).unwrap()
}

const PLANS: &str = r#"
    import "snapshots" as snapshots;
    let cases = json::parse(fs::read("given.json"));
    print(json::to_string(cases.map(|one| snapshots::plan(one.list, one.policy, one.now))));
"#;

#[test]
fn the_plan_is_that_of_a_brute_force_oracle_in_every_zone() {
    let count = if soak() { 2000 } else { 40 };
    for (seed, name) in ZONES.iter().enumerate() {
        let zone = TimeZone::get(name).unwrap();
        let mut chance = Chance(seed as u64 + 1);
        let cases: Vec<Case> = (0..count).map(|_| case(&mut chance, &zone)).collect();
        let plans = told(name, &cases, PLANS);
        for (number, (case, plan)) in cases.iter().zip(plans.as_array().unwrap()).enumerate() {
            let rows = plan.as_array().unwrap();
            let kept = rows.iter().filter(|row| row["action"] == "keep");
            let kept: BTreeSet<String> = kept.map(|row| row["name"].as_str().unwrap().to_owned()).collect();
            let what = format!("{name}, case {number}: {}", json!(case));
            assert_eq!(kept, oracle(case, &zone), "{what}");
            assert_eq!(rows.len(), case.list.len(), "{what}");
            let reasons = |row: &Value| !row["reasons"].as_array().unwrap().is_empty();
            assert!(rows.iter().all(|row| (row["action"] == "keep") == reasons(row)), "{what}");
        }
    }
}

/// Ten years of nights: each makes a snapshot and removes what the plan says.
const NIGHTS: &str = r#"
    import "snapshots" as snapshots;
    let given = json::parse(fs::read("given.json"));
    let list = [];
    let seen = [];
    for place in 0..given.nights.len() {
        list.push(#{ name: `n${place}`, time: given.nights[place] });
        let going = #{};
        for row in snapshots::plan(list, given.policy, given.nights[place]) { if row.action == "remove" { going[row.name] = true } }
        list = list.filter(|one| !(one.name in going));
        if place % 30 == 0 { seen.push(list.map(|one| one.name)) }
    }
    print(json::to_string(seen));
"#;

#[test]
fn ten_years_of_nights_leave_what_the_oracle_leaves() {
    let name = "Europe/Berlin";
    let zone = TimeZone::get(name).unwrap();
    let step = if soak() { 1 } else { 4 };
    let policy: Policy = [("last", 2), ("daily", 7), ("weekly", 4), ("monthly", 12), ("yearly", 5)].into();
    let mut chance = Chance(7);
    let start: Timestamp = "2016-03-01T01:30:00Z".parse().unwrap();
    // Some nights are missed, and once in a while the clock is wrong by up to a month, to both sides.
    let mut nights = Vec::new();
    for night in (0..3652).step_by(step).filter(|night| night % 97 > 9) {
        let wrong = if chance.one_in(200) { chance.below(60) - 30 } else { 0 };
        nights.push(start + ((i64::from(night) + wrong) * 24).hours() + chance.below(900).seconds());
    }
    let mut list: Vec<Snapshot> = Vec::new();
    let mut expected: Vec<Vec<String>> = Vec::new();
    for (place, now) in nights.iter().enumerate() {
        list.push(Snapshot { name: format!("n{place}"), time: *now, pinned: false, ours: true });
        let case = Case { list: list.clone(), policy: policy.clone(), now: *now };
        let kept = oracle(&case, &zone);
        assert!(kept.contains(&format!("n{place}")), "the newest is kept");
        list.retain(|one| kept.contains(&one.name));
        if place % 30 == 0 {
            expected.push(list.iter().map(|one| one.name.clone()).collect());
        }
    }
    let nights: Vec<String> = nights.iter().map(Timestamp::to_string).collect();
    let given = json!({ "nights": nights, "policy": policy });
    assert_eq!(told(name, &given, NIGHTS), json!(expected));
    assert!((15..45).contains(&list.len()), "{} are kept in the end", list.len());
}

#[test]
fn a_policy_that_says_nothing_or_nonsense_is_refused() {
    let refused = |policy: &str, why: &str| {
        let code = format!(
            "import \"snapshots\" as s; let e = attempt(|| s::plan([], {policy}, time::now())).error;
             print(`${{e.code}}: ${{e.message}}; ${{e.hint}}`)"
        );
        Virhai::new().connect("test:///default").args(["-e", &code]).stdout(format!("usage: {why}\n")).run();
    };
    refused("#{}", "the policy says nothing to keep; for example #{ daily: 7, weekly: 4 }");
    refused("#{ dayly: 7 }", "a policy has no option \"dayly\"; did you mean \"daily\"?");
    refused("#{ daily: -1 }", "daily: -1 is not a number of snapshots; use a whole number, 0 for none");
    refused("#{ daily: \"7\" }", "daily: 7 is not a number of snapshots; use a whole number, 0 for none");
}

#[test]
fn the_newest_is_kept_by_a_policy_of_zeros() {
    let code = "import \"snapshots\" as s; let list = [\"a\", \"c\", \"b\"].map(|name| #{ name: name, time: \"2026-03-01\" });
        print(s::plan(list, #{ last: 0, daily: 0 }, \"2026-03-02\").map(|row| `${row.name} ${row.action} ${row.reasons}`))";
    let expected = "[\"c keep [\\\"newest\\\"]\", \"b remove []\", \"a remove []\"]\n";
    Virhai::new().connect("test:///default").args(["-e", code]).stdout(expected).run();
}
