//! How libvirt's words are spelled in Rhai.

use super::tokens;

/// Returns the name that a word of libvirt has in scripts: `-` becomes `_`, and a word that means
/// something to Rhai gets a trailing underscore (`loop_`, `new_`), as it could be neither key nor method.
pub fn script_name(libvirt_word: &str) -> String {
    let mut name = libvirt_word.replace('-', "_");
    if is_rhai_word(&name) {
        name.push('_');
    }
    name
}

/// Returns the plain word behind a name that carries the underscore of [`script_name`].
pub fn plain_word(name: &str) -> Option<&str> {
    name.strip_suffix('_').filter(|word| is_rhai_word(word))
}

/// Whether a function's name is one of those that the parser makes up for closures.
pub fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

/// Returns the word for a type in the names of operations: `domain` for `Domain`, `pool` for `StoragePool`.
pub fn subject(type_name: &str) -> String {
    const SHORTENED: [(&str, &str); 6] = [
        ("DomainCheckpoint", "checkpoint"),
        ("DomainSnapshot", "snapshot"),
        ("NwFilter", "nwfilter"),
        ("NwFilterBinding", "nwfilter_binding"),
        ("StoragePool", "pool"),
        ("StorageVolume", "volume"),
    ];
    if let Some((_, word)) = SHORTENED.iter().find(|(type_, _)| *type_ == type_name) {
        return (*word).to_owned();
    }
    let mut word = String::with_capacity(type_name.len() + 1);
    for letter in type_name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// Returns the operation that a function is, as errors and the record call it: `domain.start` for `Domain.start`,
/// `domain.define` for `Connection.define_domain`, `fs.read` for `fs::read`.
pub fn operation(function: &str) -> String {
    match function.split_once('.') {
        Some(("Connection", method)) => match method.split_once('_') {
            Some((verb @ ("create" | "define"), made)) => format!("{made}.{verb}"),
            _ => format!("connection.{method}"),
        },
        Some((type_name, method)) => format!("{}.{method}", subject(type_name)),
        None => function.replace("::", "."),
    }
}

/// True for Rhai's keywords and for the words that it reserves.
pub fn is_rhai_word(word: &str) -> bool {
    rhai::is_valid_identifier(word) && !tokens::is_plain_identifier(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYWORDS: &str = "true false let const if else switch do while until loop for in continue \
        break return throw try catch fn private import export as";
    const RESERVED: &str = "this call curry debug print eval type_of is_def_fn is_def_var is_shared \
        async await case default go goto is match module new nil null package protected public shared \
        spawn static super sync thread use var void with yield Fn";

    #[test]
    fn words_of_rhai_get_an_underscore() {
        for word in KEYWORDS.split_whitespace().chain(RESERVED.split_whitespace()) {
            assert_eq!(script_name(word), format!("{word}_"), "{word}");
            assert_eq!(plain_word(&script_name(word)), Some(word));
        }
    }

    #[test]
    fn the_spelled_names_are_keys_methods_and_functions() {
        let engine = rhai::Engine::new_raw();
        for word in KEYWORDS.split_whitespace().chain(RESERVED.split_whitespace()) {
            let name = script_name(word);
            for code in [format!("#{{ {name}: 1 }}"), format!("x.{name}()"), format!("{name}()")] {
                assert!(engine.compile(&code).is_ok(), "{code}");
            }
            let key = engine.compile(format!("#{{ \"{word}\": 1 }}"));
            assert!(key.is_ok(), "the quoted key {word}");
        }
    }

    #[test]
    fn a_type_has_one_word_in_the_names_of_operations() {
        for (type_name, word) in [
            ("Domain", "domain"),
            ("DomainSnapshot", "snapshot"),
            ("StorageVolume", "volume"),
            ("NetworkPort", "network_port"),
            ("NwFilterBinding", "nwfilter_binding"),
            ("domain", "domain"),
        ] {
            assert_eq!(subject(type_name), word);
        }
    }

    #[test]
    fn a_function_is_an_operation() {
        for (function, name) in [
            ("Domain.start", "domain.start"),
            ("StoragePool.delete", "pool.delete"),
            ("Connection.define_domain", "domain.define"),
            ("Connection.restore", "connection.restore"),
            ("fs::read", "fs.read"),
            ("connect", "connect"),
        ] {
            assert_eq!(operation(function), name);
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for word in ["start", "managed_save", "exit", "each", "to", "_"] {
            assert_eq!(script_name(word), word);
        }
        assert_eq!(script_name("managed-save"), "managed_save");
        assert_eq!(plain_word("start_"), None);
    }
}
