//! Sets of host CPUs and NUMA nodes: arrays of numbers to scripts, and what scripts may write for them.

use std::collections::BTreeSet;

use rhai::{Array, Dynamic};

use crate::error::{Error, Result};

const HINT: &str = "write an array of numbers, one number, or a text such as \"0-3,^2\"";

/// No host has CPUs or nodes with numbers from here on; a wild range would only cost memory.
const LIMIT: u32 = 1 << 16;

/// Reads a set: a number, an array of numbers and texts, a range, or a text such as `0-3,8,^2`.
///
/// As in libvirt's XML, `^2` takes out what stands before it.
///
/// Errors: `usage` for anything else.
pub(super) fn read(value: &Dynamic) -> Result<Vec<u32>> {
    let mut set = BTreeSet::new();
    add(&mut set, value)?;
    Ok(set.into_iter().collect())
}

/// A set as scripts see it.
pub(super) fn array(set: &[u32]) -> Array {
    set.iter().map(|number| Dynamic::from_int(i64::from(*number))).collect()
}

/// A set in libvirt's words: `0-2,5`.
pub(super) fn text(set: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &number in set {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let part = |(first, last): (u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(",")
}

fn add(set: &mut BTreeSet<u32>, value: &Dynamic) -> Result<()> {
    if let Ok(one) = value.as_int() {
        set.insert(number(one)?);
        return Ok(());
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.split(',').try_for_each(|part| add_part(set, part.trim()));
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().try_for_each(|value| add(set, value));
    }
    if let Some(range) = value.read_lock::<std::ops::Range<i64>>() {
        return add_range(set, range.start, range.end - 1);
    }
    if let Some(range) = value.read_lock::<std::ops::RangeInclusive<i64>>() {
        return add_range(set, *range.start(), *range.end());
    }
    let kind = value.type_name();
    Err(Error::usage(format!("a set of numbers cannot be {kind}")).hint(HINT))
}

fn number(number: i64) -> Result<u32> {
    u32::try_from(number)
        .ok()
        .filter(|number| *number < LIMIT)
        .ok_or_else(|| Error::usage(format!("{number} is not the number of a CPU or a node")).hint(HINT))
}

fn add_range(set: &mut BTreeSet<u32>, first: i64, last: i64) -> Result<()> {
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(Error::usage(format!("the range {first}-{last} runs backwards")).hint(HINT));
    }
    set.extend(first..=last);
    Ok(())
}

fn add_part(set: &mut BTreeSet<u32>, part: &str) -> Result<()> {
    let wrong = || Error::usage(format!("{part:?} is not part of a set of numbers")).hint(HINT);
    let whole = |text: &str| text.trim().parse::<i64>().ok().filter(|n| *n >= 0).ok_or_else(wrong);
    if let Some(left_out) = part.strip_prefix('^') {
        set.remove(&number(whole(left_out)?)?);
        return Ok(());
    }
    if let Some((first, last)) = part.split_once('-') {
        return add_range(set, whole(first)?, whole(last)?);
    }
    set.insert(number(whole(part)?)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(script: &str) -> Result<String> {
        let value: Dynamic = rhai::Engine::new().eval(script).expect(script);
        read(&value).map(|set| text(&set))
    }

    #[test]
    fn every_way_to_write_a_set_means_the_same() {
        for script in [r#""0-3,^2""#, "[3, 1, 0]", r#"[0, "1", "3"]"#, r#"["0-3", "^2"]"#, r#"" 0 - 1 , 3 ""#]
        {
            assert_eq!(set(script).unwrap(), "0-1,3", "{script}");
        }
        assert_eq!(set("0..4").unwrap(), "0-3");
        assert_eq!(set("0..=4").unwrap(), "0-4");
        assert_eq!(set("7").unwrap(), "7");
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for script in
            [r#""a""#, r#""""#, "-1", r#""3-1""#, "1.5", "#{}", r#""0-99999999""#, "[[1], true]", "5..5"]
        {
            assert_eq!(set(script).unwrap_err().code(), "usage", "{script}");
        }
    }
}
