"""What the gateway itself knows of each model: its vocabulary and its fingerprint, read when first needed.

The catalogue may change while the gateway runs, so everything is kept by the spec it was made from.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from router.catalogue import ModelSpec
from router.errors import CircuitOpen, ModelNotFound
from router.fingerprint import Ingredients, fingerprint, ingredients
from router.fleet import Fleet
from router.tokens import Vocabulary
from router.vocabularies import Vocabularies

LONGEST_MODEL_ID = 128


@dataclass(frozen=True)
class Served:
    spec: ModelSpec
    vocabulary: Vocabulary
    ingredients: Ingredients

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.ingredients)


class Shelf:
    def __init__(self, fleet: Fleet, engine_version: str) -> None:
        self._fleet, self._engine_version = fleet, engine_version
        self._served: dict[ModelSpec, Served] = {}
        self._vocabularies = Vocabularies()

    def spec(self, model: str) -> ModelSpec:
        """Raises ModelNotFound."""
        spec = self._fleet.catalogue.get(model)
        if spec is None:
            raise ModelNotFound(model[:LONGEST_MODEL_ID], self._fleet.catalogue.ids)
        return spec

    async def served(self, spec: ModelSpec) -> Served:
        """Raises CircuitOpen when the model's tokenizer cannot be read; the reason is logged."""
        if spec not in self._served:
            vocabulary = await self._vocabularies.get(spec.tokenizer_place)
            self._served[spec] = Served(spec, vocabulary, ingredients(spec, vocabulary, self._engine_version))
        return self._served[spec]

    async def readable(self, spec: ModelSpec) -> Served | None:
        """None for a model whose tokenizer cannot be read, so that one broken model hides no other."""
        try:
            return await self.served(spec)
        except CircuitOpen:
            return None

    def problem(self, spec: ModelSpec) -> str:
        """Why the model's tokenizer cannot be read, for the operator; "" where it can, or was not needed yet."""
        return self._vocabularies.reason(spec.tokenizer_place)

    async def common(self) -> Served | None:
        """A model that can speak for all where they share one tokenizer: that with the shortest context. None where they do not.

        A tokenizer that cannot be read may be any, so it is not shared.
        """
        every = await asyncio.gather(*map(self.readable, self._fleet.catalogue.models))
        known = [served for served in every if served is not None]
        if len(known) < len(every) or not all(served.vocabulary.same_as(known[0].vocabulary) for served in known):
            return None
        return min(known, key=lambda served: served.spec.max_model_len)
