//! The value that a piece of source stands for, where it can be told without running anything.

use rhai::{Array, Dynamic, Map, Scope};

use crate::lang::tokens::{Class, tokens};

/// One step from a value to one inside it.
enum Step<'a> {
    Key(&'a str),
    Number(i64),
}

/// Follows a variable through keys and numbers, `inv`, `inv[0].disks`, `m["key"]`, and looks at what is there.
/// Nothing is called and nothing copied, so properties of handles lead nowhere and long lists cost nothing.
pub fn look<T>(source: &str, scope: &Scope, look: impl FnOnce(&Dynamic) -> T) -> Option<T> {
    let tokens = tokens(source);
    let mut pieces = tokens.iter().map(|token| (token.class, token.text(source)));
    let (Class::Variable, name) = pieces.next()? else { return None };
    let mut steps = Vec::new();
    while let Some((_, piece)) = pieces.next() {
        steps.push(match (piece, pieces.next()?) {
            ("." | "?.", (Class::Property, key)) => Step::Key(key),
            ("[" | "?[", (Class::Number, number)) => Step::Number(number.parse().ok()?),
            ("[" | "?[", (Class::String, key)) => Step::Key(key.trim_matches(['"', '`'])),
            _ => return None,
        });
        if matches!(piece, "[" | "?[") && pieces.next()?.1 != "]" {
            return None;
        }
    }
    follow(scope.get(name)?, &steps, look)
}

/// Returns a copy of the value behind such a source.
pub fn value(source: &str, scope: &Scope) -> Option<Dynamic> {
    look(source, scope, Dynamic::clone)
}

/// Returns the keys of a map.
pub fn keys(value: &Dynamic) -> Vec<String> {
    value.read_lock::<Map>().map(|map| map.keys().map(ToString::to_string).collect()).unwrap_or_default()
}

fn follow<T>(value: &Dynamic, steps: &[Step], look: impl FnOnce(&Dynamic) -> T) -> Option<T> {
    let Some((step, rest)) = steps.split_first() else { return Some(look(value)) };
    match step {
        Step::Key(key) => follow(value.read_lock::<Map>()?.get(*key)?, rest, look),
        Step::Number(number) => {
            let array = value.read_lock::<Array>()?;
            let length = i64::try_from(array.len()).ok()?;
            let place = if *number < 0 { length + number } else { *number };
            follow(array.get(usize::try_from(place).ok()?)?, rest, look)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_through_maps_and_arrays_is_followed() {
        let engine = rhai::Engine::new();
        let mut scope = Scope::new();
        engine.run_with_scope(&mut scope, "let inv = [#{ disks: #{ vda: 1 } }];").unwrap();
        assert_eq!(keys(&value("inv[0].disks", &scope).unwrap()), ["vda"]);
        assert_eq!(keys(&value("inv[0][\"disks\"]", &scope).unwrap()), ["vda"]);
        for nothing in ["inv[1]", "inv[x]", "inv.len()", "other", "inv[0].nics", "f(inv)", "inv["] {
            assert!(value(nothing, &scope).is_none(), "{nothing}");
        }
    }
}
