"""Ground a feature grammar: the same language as an ordinary weighted grammar without features.

`grammar_file` describes the notation. Grounding replaces every category by its instances with all features bound. This
is finite because values are atoms, and it is what makes the language countable and the probability of a sentence exact.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nltk.sem import Variable

from thinkalike.errors import InputError
from thinkalike.stimuli.grammar_file import Atom, Part, Rule, read_rules


@dataclass(frozen=True)
class Category:
    """A category whose features, sorted by name, are bound; a feature that is not listed may be anything."""

    name: str
    features: tuple[tuple[str, Atom], ...] = ()

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(f'{key}={value}' for key, value in self.features)}]"


Symbol = Category | str


@dataclass(frozen=True)
class GroundProduction:
    """One way to expand a ground category: what it becomes, how likely, and what its words are marked with."""

    probability: float
    right: tuple[Symbol, ...]
    annotations: Mapping[str, Atom]


@dataclass(frozen=True)
class GroundGrammar:
    """A grammar without variables and without recursion.

    Attributes
    ----------
    source
        The file, for messages.
    start
        The symbol with which every derivation begins.
    productions
        Ground category to its productions, with probabilities that sum to one.
    annotations
        Names of the annotations, in the order of their first appearance in the file.
    """

    source: str
    start: Category
    productions: Mapping[Category, tuple[GroundProduction, ...]]
    annotations: tuple[str, ...]


@dataclass
class _Grounder:
    """Expands categories on demand, from the start symbol downwards."""

    source: str
    rules: dict[str, list[Rule]]
    domains: dict[str, list[Atom]]
    done: dict[Category, tuple[GroundProduction, ...]] = field(default_factory=dict)
    open: list[Category] = field(default_factory=list)
    dead_ends: list[Category] = field(default_factory=list)

    def ground(self, category: Category) -> tuple[GroundProduction, ...]:
        if category in self.done:
            return self.done[category]
        if category in self.open:
            raise InputError(
                f"{self.source}: {category} contains itself, so the language is infinite and cannot be counted; write "
                f"the recursion out to the depth that you need."
            )
        self.open.append(category)
        instances = [(rule.weight, self._instances(rule, category)) for rule in self.rules.get(category.name, [])]
        self.open.pop()
        if not any(found for _, found in instances):
            self.dead_ends.append(category)
        total = sum(weight for weight, found in instances if found)
        self.done[category] = tuple(
            GroundProduction(weight / len(found) / total, right, annotations)
            for weight, found in instances
            for right, annotations in found
        )
        return self.done[category]

    def _instances(self, rule: Rule, category: Category) -> list[tuple[tuple[Symbol, ...], dict[str, Atom]]]:
        """Return the expansions of `category` by `rule`, one for each binding that leads to words."""
        bound = _match(rule.left, category)
        if bound is None:
            return []
        free = self._free_variables(rule, bound)
        found = []
        for values in itertools.product(*free.values()):
            binding = {**bound, **dict(zip(free, values, strict=True))}
            right = tuple(part if isinstance(part, str) else _bind(part, binding) for part in rule.right)
            if all(isinstance(symbol, str) or self.ground(symbol) for symbol in right):
                annotations = {
                    name: binding.get(value) if isinstance(value, Variable) else value
                    for name, value in rule.left.annotations.items()
                }
                found.append((right, {name: value for name, value in annotations.items() if value is not None}))
        return found

    def _free_variables(self, rule: Rule, bound: Mapping[Variable, Atom]) -> dict[Variable, list[Atom]]:
        """Return the domain of each variable that must be tried value by value, because two places share it."""
        parts = [part for part in rule.right if not isinstance(part, str)]
        places = [(name, value) for part in parts for name, value in part.syntax.items() if isinstance(value, Variable)]
        uses = Counter(value for _, value in places)
        uses.update(value for value in rule.left.annotations.values() if isinstance(value, Variable))
        return {
            variable: self.domains[name]
            for name, variable in places
            if variable not in bound and uses[variable] > 1 and self.domains[name]
        }


def read_grammar(path: str | Path) -> GroundGrammar:
    """Read and ground the feature grammar at `path`.

    Parameters
    ----------
    path
        An `.fcfg` file; see the module's description for the conventions.

    Returns
    -------
    GroundGrammar
        The reachable ground categories that lead to words.

    Raises
    ------
    InputError
        If the file is missing, empty, not UTF-8, not a feature grammar, recursive, or yields no sentence.
    """
    source = str(path)
    start, rules = read_rules(path)
    by_name: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_name[rule.left.name].append(rule)
    grounder = _Grounder(source, dict(by_name), _domains(rules))
    if not grounder.ground(Category(start)):
        causes = ", ".join(str(category) for category in grounder.dead_ends[:3])
        raise InputError(
            f"{source}: the grammar yields no sentence because its features never unify (nothing expands {causes}); "
            f"add the missing words or correct the features."
        )
    productions = {category: found for category, found in grounder.done.items() if found}
    annotations = dict.fromkeys(name for rule in rules for name in rule.left.annotations)
    return GroundGrammar(source, Category(start), productions, tuple(annotations))


def _domains(rules: list[Rule]) -> dict[str, list[Atom]]:
    """Return the values that each syntactic feature can take, through shared variables too."""
    domains: dict[str, dict[Atom, None]] = defaultdict(dict)
    links: list[set[str]] = []
    for rule in rules:
        shared: dict[Variable, set[str]] = defaultdict(set)
        for part in (rule.left, *(part for part in rule.right if not isinstance(part, str))):
            for name, value in part.syntax.items():
                domains[name]  # a feature that is never bound has an empty domain
                if isinstance(value, Variable):
                    shared[value].add(name)
                else:
                    domains[name][value] = None
        links.extend(names for names in shared.values() if len(names) > 1)
    for _ in domains:  # a value travels at most from one end of a chain of features to the other
        for names in links:
            union = {value: None for name in sorted(names) for value in domains[name]}
            for name in names:
                domains[name].update(union)
    return {name: list(values) for name, values in domains.items()}


def _match(left: Part, category: Category) -> dict[Variable, Atom] | None:
    """Unify a rule's left side with a ground category; None where they clash."""
    binding: dict[Variable, Atom] = {}
    for name, wanted in category.features:
        value = left.syntax.get(name, wanted)
        if isinstance(value, Variable):
            if binding.setdefault(value, wanted) != wanted:
                return None
        elif value != wanted:
            return None
    return binding


def _bind(part: Part, binding: Mapping[Variable, Atom]) -> Category:
    """Replace variables by their values; a variable that stays unbound constrains nothing."""
    values = ((name, binding.get(v) if isinstance(v, Variable) else v) for name, v in part.syntax.items())
    return Category(part.name, tuple(sorted((name, value) for name, value in values if value is not None)))
