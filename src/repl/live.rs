//! The value that a piece of source stands for, where it can be told without running anything.

use rhai::{Array, Dynamic, Map, Scope};

use crate::lang::tokens::{Class, tokens};

/// Follows a variable through keys and numbers: `inv`, `inv[0].disks`, `m["key"]`. Nothing is called, so
/// properties of handles lead nowhere.
pub(super) fn value(source: &str, scope: &Scope) -> Option<Dynamic> {
    let tokens = tokens(source);
    let mut pieces = tokens.iter().map(|token| (token.class, token.text(source)));
    let (Class::Variable, name) = pieces.next()? else { return None };
    let mut value = scope.get(name)?.clone();
    while let Some((_, piece)) = pieces.next() {
        value = match (piece, pieces.next()?) {
            ("." | "?.", (Class::Property, key)) => of_key(&value, key)?,
            ("[" | "?[", (Class::Number, number)) => of_number(&value, number.parse().ok()?)?,
            ("[" | "?[", (Class::String, key)) => of_key(&value, key.trim_matches(['"', '`']))?,
            _ => return None,
        };
        if matches!(piece, "[" | "?[") && pieces.next()?.1 != "]" {
            return None;
        }
    }
    Some(value)
}

/// Returns the keys of a map.
pub(super) fn keys(value: &Dynamic) -> Vec<String> {
    value.read_lock::<Map>().map(|map| map.keys().map(ToString::to_string).collect()).unwrap_or_default()
}

fn of_key(value: &Dynamic, key: &str) -> Option<Dynamic> {
    value.read_lock::<Map>()?.get(key).cloned()
}

fn of_number(value: &Dynamic, number: i64) -> Option<Dynamic> {
    let array = value.read_lock::<Array>()?;
    let length = i64::try_from(array.len()).ok()?;
    let place = if number < 0 { length + number } else { number };
    array.get(usize::try_from(place).ok()?).cloned()
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
