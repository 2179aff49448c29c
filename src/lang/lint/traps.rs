//! What looks right and is not: the known traps of the language, as far as they can be seen.

use rhai::{Expr, FnCallExpr, Position};

use super::Finding;
use super::walk::Checker;
use crate::lang::catalog::{Entry, Kind, Origin, Overload};
use crate::lang::types::Type;

impl Checker<'_> {
    /// `map.len` is a key that is not there; only `map.len()` counts.
    pub(super) fn len_without_parentheses(
        &self,
        receiver: &Type,
        name: &str,
        position: Position,
    ) -> Option<Finding> {
        let may_be_a_map = matches!(receiver, Type::Map | Type::Any);
        if name != "len" || !may_be_a_map || self.program.facts.keys.contains("len") {
            return None;
        }
        let message = "`.len` on a map reads a key of that name".to_string();
        Some(
            self.text
                .finding(position, "len_property", message)
                .hint("write `len()`, which counts everywhere"),
        )
    }

    /// `vm.xml["memory"] = 5` changes a copy of the document and nothing else.
    pub(super) fn assignment_through_copy(
        &self,
        receiver: &Type,
        property: &str,
        position: Position,
    ) -> Option<Finding> {
        let a_key =
            matches!(receiver, Type::Map) || receiver.is_any() && self.program.facts.keys.contains(property);
        if property != "xml" || a_key {
            return None;
        }
        let known = self.catalog.property(receiver, property).is_some();
        if receiver.is_object() && !known {
            return None;
        }
        let message = "`.xml` is a copy of the document: assigning through it changes nothing".to_string();
        let hint = "change the definition with `edit(|doc| …)`";
        Some(self.text.finding(position, "xml_copy", message).hint(hint))
    }

    /// `const m = #{ a: 1 }; m.a = 2` is accepted by the parser and fails, in ways of its own, when it runs.
    pub(super) fn change_of_constant(&self, root: &Expr) -> Option<Finding> {
        let Expr::Variable(variable, _, position) = root else { return None };
        let name = variable.1.as_str();
        if !variable.2.is_empty() || !self.frame.is_constant(name) {
            return None;
        }
        let message = format!("`{name}` is a constant and cannot be changed");
        let hint = "declare it with `let` if it is to change";
        Some(self.text.finding(*position, "changed_constant", message).hint(hint))
    }

    /// The traps of calls with a closure.
    pub(super) fn call_traps(
        &self,
        receiver: &Type,
        variable: Option<&str>,
        call: &FnCallExpr,
        matches: &[(&Entry, &Overload)],
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for argument in &call.args {
            let Some(closure) = self.closure_of(argument) else { continue };
            let position = argument.start_position();
            if call.name == "for_each" && matches!(receiver, Type::Array(_) | Type::Any) {
                findings.extend(self.for_each_index(closure.params().len(), position));
            }
            let used = closure.captured.iter().find(|(name, _)| Some(name.as_str()) == variable);
            // Whether the closure is called at once or only kept does not matter to Rhai.
            if let (false, Some((name, position))) = (matches.is_empty(), used) {
                let message = format!(
                    "`{name}` is used inside the closure of `{}`, in a chain that begins with `{name}`",
                    call.name
                );
                let hint = format!(
                    "Rhai refuses this as a data race: take what you need first, as in `let count = {name}.len();`"
                );
                findings.push(self.text.finding(*position, "captured_receiver", message).hint(hint));
            }
        }
        findings
    }

    /// Rhai's own `for_each` hands the index to its closure, the host's hands the element and nothing else.
    fn for_each_index(&self, params: usize, position: Position) -> Option<Finding> {
        let arrays = self.catalog.method(&Type::array_of(Type::Any), "for_each")?;
        let hosts = arrays.kind == Kind::Method && arrays.origin == Origin::Host;
        let (wrong, message, hint) = if hosts {
            (params > 1, "`for_each` hands its closure the element only", "count with `for (x, index) in …`")
        } else {
            (params > 0, "`for_each` hands its closure the index, not the element", "write `for x in … { }`")
        };
        wrong.then(|| self.text.finding(position, "for_each_index", message.into()).hint(hint))
    }
}
