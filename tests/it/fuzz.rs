//! Input that nobody would write: no panic, and what `xml` promises holds. A moment in `make test`,
//! ten minutes in `make soak`.

use std::time::{Duration, Instant};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use virhai::lang::lint::{self, NoModules};
use virhai::lang::natives::Docs;
use virhai::session::{bare_engine, catalog};
use virhai::xml::fuzz;

use crate::support::{project, soak};

fn time() -> Duration {
    Duration::from_secs(if soak() { 200 } else { 2 })
}

/// Calls a target with pieces of the seeds put together anew, and with bytes changed.
fn feed(seeds: &[Vec<u8>], mut target: impl FnMut(&[u8])) {
    let mut runner = TestRunner::default();
    let pieces = proptest::collection::vec(
        (proptest::sample::select(seeds.to_vec()), 0.0..1.0_f64, 0.0..1.0_f64, proptest::num::u8::ANY),
        1..5,
    );
    let end = Instant::now() + time();
    while Instant::now() < end {
        let parts = pieces.new_tree(&mut runner).expect("no filter can fail").current();
        let mut input = Vec::new();
        for (seed, from, length, byte) in parts {
            let start = (seed.len() as f64 * from) as usize;
            let stop = (start + (seed.len() as f64 * length) as usize).min(seed.len());
            input.extend_from_slice(&seed[start..stop]);
            input.push(byte);
        }
        target(&input);
    }
}

fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(project(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|found| found == ending) {
            all.push(std::fs::read(path).unwrap());
        }
    }
    assert!(!all.is_empty(), "no seeds in {folder}");
    all
}

#[test]
fn check_survives_any_text() {
    let engine = bare_engine(Docs::Kept);
    let catalog = catalog(&engine);
    let mut seeds = files("scripts", "rhai");
    seeds.extend(files("stdlib", "rhai"));
    feed(&seeds, |input| {
        let text = String::from_utf8_lossy(input);
        let _ = lint::check(&text, "fuzz.rhai", &catalog, &NoModules, &engine);
    });
}

#[test]
fn the_xml_parser_survives_any_bytes() {
    feed(&files("src/session", "xml"), fuzz::document);
}

#[test]
fn paths_survive_any_bytes() {
    let paths =
        ["devices/disk[target/@dev='vda']/source/@file", "//mac/@address", "a[not(@b) and c!='d'][last()]"];
    let seeds: Vec<_> = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
    feed(&seeds, fuzz::path);
}
