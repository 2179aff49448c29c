//! Methods that take options, each written once.
//!
//! Rhai has no arguments that may be left out, so such a method exists twice under its name: without
//! its options map and with it. The macro writes both, and the table of the options.

/// Binds methods whose last parameter is an options map that may be left out.
///
/// ```text
/// methods_with_options! {
///     #[export_module(manifest)]
///     /// What it does (`virDomainX`).
///     fn x(vm: Domain, device: Dynamic; options: &[LIVE, CONFIG]) -> Map { … }
/// }
/// ```
///
/// In the body `options` is a [`crate::lang::options::Parsed`]. It writes `register(engine)`, which binds all
/// of them, and `OPTIONS`, the list of their tables; a file uses it once. (The attribute has to stand in the
/// file itself: what it writes names its arguments in the context of both, attribute and types.)
macro_rules! methods_with_options {
    ($hash:tt $export_module:tt $(
        $(#[$($attribute:tt)*])*
        fn $name:ident($this:ident: $type:ident $(, $argument:ident: $kind:ident)* ; $options:ident: $table:expr)
            -> $answer:tt $body:block
    )*) => {
        #[allow(non_upper_case_globals, reason = "a table is found by the name of its method")]
        mod tables {
            use super::*;
            $(pub(super) static $name: $crate::lang::options::OptionTable = $crate::lang::options::OptionTable {
                function: concat!(stringify!($type), ".", stringify!($name)),
                options: $table,
            };)*
        }

        /// The option tables of the methods.
        pub(super) const OPTIONS: &[&$crate::lang::options::OptionTable] = &[$(&tables::$name),*];

        $hash $export_module
        mod without_options {
            use super::*;
            $(
                $(#[$($attribute)*])*
                #[rhai_fn(return_raw, pure)]
                pub fn $name($this: &mut $type $(, $argument: $kind)*) -> $crate::api::Fallible<$answer> {
                    super::with_options::$name($this $(, $argument)*, rhai::Map::new())
                }
            )*
        }

        $hash $export_module
        #[allow(clippy::needless_pass_by_value, reason = "Rhai hands over values")]
        mod with_options {
            use super::*;
            use rhai::Map;
            $(
                $(#[$($attribute)*])*
                #[rhai_fn(return_raw, pure)]
                pub fn $name($this: &mut $type $(, $argument: $kind)*, $options: Map) -> $crate::api::Fallible<$answer> {
                    let outcome = (|| {
                        let $options = super::tables::$name.read($options)?;
                        $body
                    })();
                    $crate::api::subject::named(outcome, &super::tables::$name.operation(), $this)
                }
            )*
        }

        fn register_methods(natives: &mut Natives) {
            natives.global(&without_options::RHAI_MANIFEST);
            natives.global(&with_options::RHAI_MANIFEST);
        }
    };
}
pub(super) use methods_with_options;
