//! What holds for the store, wherever it is.

use std::time::{Duration, Instant};

use jiff::{Span, Timestamp};
use virhai::history::{
    Change, ChangeOutcome, Ending, Filter, NewRun, Number, Outcome, Place, Sample, Store, Wanted,
};

use crate::support::soak;

/// A name and what is checked on an empty store.
pub(super) type Spec = (&'static str, fn(&Place));

pub(super) const SPECS: &[Spec] = &[
    ("samples are found by time and name", samples),
    ("runs and changes are found by what is known of them", filters),
    ("a star stands for anything, and nothing else does", patterns),
    ("a batch that is written twice is there once", retried),
    ("processes that add to one run do not hide each other's changes", joined),
    ("a run whose process died is interrupted", died),
    ("a run elsewhere is interrupted when it is silent for long", silent),
    ("old runs go, but not the last one of a job, nor one that runs", pruned),
    ("old runs go by themselves once a day, and not because a clock is wrong", tidied),
    ("a clock that goes back changes no order within a run", clock_back),
    ("writers at once all succeed", writers),
    ("many changes are all there", many),
];

fn open(place: &Place) -> Store {
    Store::open(place).unwrap()
}

fn ago(hours: i64) -> Timestamp {
    Timestamp::now().checked_sub(Span::new().hours(hours)).unwrap()
}

fn begin(store: &mut Store, job: Option<&str>, start: Timestamp) -> i64 {
    let run = NewRun { job: job.map(str::to_owned), script: "/srv/x.rhai".into(), ..NewRun::default() };
    store.begin_run(&run, start).unwrap()
}

fn end(store: &mut Store, run: i64, outcome: Outcome) {
    store.end_run(run, &Ending::new(outcome)).unwrap();
}

fn change(run: i64, number: i64, time: Timestamp, object: &str) -> Change {
    Change {
        run,
        number,
        job: None,
        time: Timestamp::from_microsecond(time.as_microsecond()).unwrap(),
        host: "qemu:///system".into(),
        operation: "domain.start".into(),
        effect: "change".into(),
        object: object.into(),
        outcome: ChangeOutcome::Done,
        error: None,
        duration: Some(Duration::from_millis(3)),
    }
}

fn samples(place: &Place) {
    let sample = |second: i64, name: &str, value: Number| Sample {
        time: Timestamp::from_second(second).unwrap(),
        host: "test:///default".into(),
        kind: "pool".into(),
        name: name.into(),
        measure: "allocation".into(),
        value,
    };
    let all = [
        sample(10, "a", Number::Int(i64::MAX)),
        sample(10, "b", Number::Float(0.5)),
        sample(20, "a", Number::Int(2)),
    ];
    let mut store = open(place);
    store.add(&all).unwrap();
    store.add(&all[2..]).unwrap();
    assert_eq!(store.samples(&Wanted::default()).unwrap(), all);
    let a = Wanted { name: Some("a".into()), until: Some(all[0].time), ..Wanted::default() };
    assert_eq!(store.samples(&a).unwrap(), all[..1]);
    assert_eq!(store.prune(all[2].time).unwrap(), 2);
    assert_eq!(store.samples(&Wanted::default()).unwrap(), all[2..]);
}

fn filters(place: &Place) {
    let mut store = open(place);
    let (long_ago, recently) = (ago(48), ago(1));
    let old = begin(&mut store, Some("nightly"), long_ago);
    store.add_changes(old, &[change(old, 1, long_ago, "web1")], &[]).unwrap();
    end(&mut store, old, Outcome::Done);
    let new = begin(&mut store, None, recently);
    let mut elsewhere = change(new, 2, recently, "db1");
    elsewhere.host = "qemu+ssh://kvm2/system".into();
    (elsewhere.outcome, elsewhere.error) = (ChangeOutcome::Failed, Some("it is locked".into()));
    let mut stop = change(new, 3, recently, "web1");
    stop.operation = "domain.destroy".into();
    stop.outcome = ChangeOutcome::Running;
    stop.duration = None;
    store
        .add_changes(new, &[change(new, 1, recently, "web1"), elsewhere.clone(), stop.clone()], &[])
        .unwrap();
    stop.outcome = ChangeOutcome::Done;
    stop.duration = Some(Duration::from_secs(2));
    store.add_changes(new, &[], &[stop.clone()]).unwrap();
    let ending =
        Ending { error: Some("db1".into()), output: Some("said\n".into()), ..Ending::new(Outcome::Failed) };
    store.end_run(new, &ending).unwrap();

    let runs = |filter: Filter| store.runs(&filter).unwrap().iter().map(|run| run.id).collect::<Vec<_>>();
    let numbers = |filter: Filter| -> Vec<(i64, i64)> {
        store.changes(&filter).unwrap().iter().map(|change| (change.run, change.number)).collect()
    };
    let any = Filter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(runs(any()), [new, old]);
    assert_eq!(runs(Filter { limit: Some(1), ..any() }), [new]);
    assert_eq!(runs(Filter { job: text("nightly"), ..any() }), [old]);
    assert_eq!(runs(Filter { host: text("qemu+ssh://kvm2/system"), ..any() }), [new]);
    assert_eq!(runs(Filter { object: text("web1"), operation: text("domain.destroy"), ..any() }), [new]);
    assert!(runs(Filter { object: text("db1"), operation: text("domain.destroy"), ..any() }).is_empty());
    assert_eq!(runs(Filter { failed: true, ..any() }), [new]);
    assert_eq!(runs(Filter { until: Some(ago(24)), ..any() }), [old]);
    assert_eq!(numbers(any()), [(new, 3), (new, 2), (new, 1), (old, 1)]);
    assert_eq!(numbers(Filter { object: text("web1"), since: Some(ago(24)), ..any() }), [(new, 3), (new, 1)]);
    assert_eq!(numbers(Filter { failed: true, ..any() }), [(new, 2)]);
    assert_eq!(numbers(Filter { job: text("nightly"), ..any() }), [(old, 1)]);
    assert_eq!(
        numbers(Filter { run: Some(new), host: text("qemu:///system"), ..any() }),
        [(new, 3), (new, 1)]
    );
    assert_eq!(store.changes(&Filter { limit: Some(1), ..any() }).unwrap(), [stop]);

    let run = store.run(new).unwrap().unwrap();
    assert_eq!((run.changes, run.failures, run.outcome), (3, 1, Outcome::Failed));
    assert_eq!((run.error.as_deref(), run.output.as_deref()), (Some("db1"), Some("said\n")));
    assert_eq!(run.hosts, ["qemu+ssh://kvm2/system", "qemu:///system"]);
    assert_eq!(store.runs(&any()).unwrap()[0].output, None, "a list has no output");
    assert_eq!(store.run(new + 1).unwrap(), None);
    assert_eq!(store.last_runs().unwrap().iter().map(|run| run.id).collect::<Vec<_>>(), [old]);
}

fn patterns(place: &Place) {
    let mut store = open(place);
    let run = begin(&mut store, None, ago(1));
    let names = ["web1", "web2", "WEB3", "w%b", "w_b", "w[e]b", "w?b", "w\\b"];
    let all: Vec<Change> = (1..).zip(names).map(|(n, name)| change(run, n, ago(1), name)).collect();
    store.add_changes(run, &all, &[]).unwrap();
    let fitting = |pattern: &str| -> Vec<String> {
        let filter = Filter { object: Some(pattern.into()), ..Filter::default() };
        let mut names: Vec<_> =
            store.changes(&filter).unwrap().into_iter().map(|change| change.object).collect();
        names.sort();
        names
    };
    assert_eq!(fitting("web*"), ["web1", "web2"]);
    for name in &names[3..] {
        assert_eq!(fitting(&format!("*{name}")), [*name]);
    }
    assert_eq!(fitting("*").len(), names.len());
}

fn retried(place: &Place) {
    let mut store = open(place);
    let run = begin(&mut store, None, ago(1));
    let mut batch: Vec<Change> = (1..=120).map(|n| change(run, n, ago(1), "a")).collect();
    batch[0].outcome = ChangeOutcome::Failed;
    store.add_changes(run, &batch, &[]).unwrap();
    store.add_changes(run, &batch, &[]).unwrap();
    let run = store.run(run).unwrap().unwrap();
    assert_eq!((run.changes, run.failures), (120, 1));
    assert_eq!(store.changes(&Filter::default()).unwrap().len(), 120);
}

fn joined(place: &Place) {
    let mut store = open(place);
    let run = begin(&mut store, Some("j"), ago(1));
    let (first, second) = (store.first_number(run).unwrap(), open(place).first_number(run).unwrap());
    assert!(second - first > 1_000_000_000, "{first} {second}");
}

fn died(place: &Place) {
    let mut store = open(place);
    let run = begin(&mut store, Some("j"), ago(1));
    assert_eq!(store.run(run).unwrap().unwrap().outcome, Outcome::Running);
    execute(place, "UPDATE runs SET started = 1");
    let found = store.run(run).unwrap().unwrap();
    assert_eq!((found.outcome, found.end), (Outcome::Interrupted, None));
    assert_eq!(store.runs(&Filter { failed: true, ..Filter::default() }).unwrap().len(), 1);
    end(&mut store, run, Outcome::Done);
    assert_eq!(store.run(run).unwrap().unwrap().outcome, Outcome::Done);
}

fn silent(place: &Place) {
    let mut store = open(place);
    let run = begin(&mut store, Some("j"), ago(1));
    // The same machine since the same start, another container.
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    execute(place, &format!("UPDATE runs SET place = '{}/elsewhere'", boot.trim()));
    assert_eq!(store.run(run).unwrap().unwrap().outcome, Outcome::Running);
    execute(place, &format!("UPDATE runs SET seen = {}", ago(1).as_microsecond()));
    assert_eq!(store.run(run).unwrap().unwrap().outcome, Outcome::Interrupted);
}

fn pruned(place: &Place) {
    let mut store = open(place);
    let mut ids = Vec::new();
    for (job, hours) in [(Some("j"), 90), (Some("j"), 80), (None, 70), (None, 60), (Some("k"), 1)] {
        let run = begin(&mut store, job, ago(hours));
        store.add_changes(run, &[change(run, 1, ago(hours), "a")], &[]).unwrap();
        ids.push(run);
    }
    for id in [0, 1, 2, 4] {
        end(&mut store, ids[id], Outcome::Done);
    }
    let removed = store.prune_runs(ago(48)).unwrap();
    assert_eq!((removed.runs, removed.changes), (2, 2));
    let left: Vec<i64> = store.runs(&Filter::default()).unwrap().iter().map(|run| run.id).collect();
    assert_eq!(left, [ids[4], ids[3], ids[1]]);
    assert_eq!(store.changes(&Filter::default()).unwrap().len(), 3);
    let next = begin(&mut store, None, ago(0));
    assert!(next > ids[4], "no number is given twice");
}

fn tidied(place: &Place) {
    let mut store = open(place);
    let year = Duration::from_secs(365 * 86_400);
    let old = begin(&mut store, None, ago(500 * 24));
    end(&mut store, old, Outcome::Done);
    let own = begin(&mut store, None, ago(0));
    assert_eq!(store.tidy(year, own).unwrap(), None, "all but this run is old: is the clock right?");
    end(&mut store, own, Outcome::Done);
    let next = begin(&mut store, None, ago(0));
    assert_eq!(store.tidy(year, next).unwrap(), None, "it was looked at today");
    execute(place, "UPDATE notes SET value = 0");
    assert_eq!(store.tidy(year, next).unwrap().unwrap().runs, 1);
    assert_eq!(store.runs(&Filter::default()).unwrap().len(), 2);
}

fn clock_back(place: &Place) {
    let mut store = open(place);
    let run = begin(&mut store, None, ago(-2));
    let both = [change(run, 1, ago(-1), "a"), change(run, 2, ago(1), "a")];
    store.add_changes(run, &both, &[]).unwrap();
    let ending = Ending { duration: Some(Duration::from_secs(3)), ..Ending::new(Outcome::Done) };
    store.end_run(run, &ending).unwrap();
    let run = store.run(run).unwrap().unwrap();
    assert!(run.end.unwrap() < run.start);
    assert_eq!(run.duration, Some(Duration::from_secs(3)));
    let of_run = Filter { run: Some(run.id), ..Filter::default() };
    let numbers: Vec<i64> = store.changes(&of_run).unwrap().iter().map(|change| change.number).collect();
    assert_eq!(numbers, [2, 1]);
}

fn writers(place: &Place) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = open(place);
                for _ in 0..5 {
                    let run = begin(&mut store, None, ago(0));
                    store.add_changes(run, &[change(run, 1, ago(0), "a")], &[]).unwrap();
                    end(&mut store, run, Outcome::Done);
                }
            });
        }
    });
    let store = open(place);
    assert_eq!(store.runs(&Filter::default()).unwrap().len(), 20);
    assert_eq!(store.changes(&Filter::default()).unwrap().len(), 20);
}

/// The long version prints its times; they are measured beside others in `benches/`.
#[allow(clippy::print_stderr, reason = "a figure of the soak")]
fn many(place: &Place) {
    let count: i64 = if soak() { 1_000_000 } else { 10_000 };
    let mut store = open(place);
    let run = begin(&mut store, Some("j"), ago(48));
    let start = Instant::now();
    for first in (1..=count).step_by(100) {
        // The last hundredth is of today.
        let time = if first > count - count / 100 { ago(1) } else { ago(48) };
        let batch: Vec<Change> =
            (first..first + 100).map(|n| change(run, n, time, &format!("guest{}", n % 1000))).collect();
        store.add_changes(run, &batch, &[]).unwrap();
    }
    let each = start.elapsed() / u32::try_from(count).unwrap();
    end(&mut store, run, Outcome::Done);
    assert_eq!(store.run(run).unwrap().unwrap().changes, count);
    let start = Instant::now();
    let today = store.changes(&Filter { since: Some(ago(24)), ..Filter::default() }).unwrap();
    if soak() {
        eprintln!("{place:?}: {each:?} for each change written, {:?} for those of a day", start.elapsed());
    }
    assert_eq!(today.len() as i64, count / 100);
    let one = Filter { object: Some("guest7".into()), limit: Some(5), ..Filter::default() };
    assert_eq!(store.changes(&one).unwrap().len(), 5);
}

/// Runs a statement past the store.
fn execute(place: &Place, statement: &str) {
    match place {
        Place::File(path) => rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap(),
        Place::Url(url) => {
            let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
            client.batch_execute(&format!("SET search_path TO virhai; {statement}")).unwrap();
        }
    }
}
