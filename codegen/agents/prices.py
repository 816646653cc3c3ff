"""What tokens cost, where the optional package genai-prices is installed and knows the model."""

from __future__ import annotations

from importlib.util import find_spec

from codegen.agents.task import Usage


def cost_of(usage: Usage, model: str, provider: str) -> float | None:
    """US dollars; None where nobody knows."""
    if find_spec("genai_prices") is None:
        return None
    import genai_prices

    counted = genai_prices.Usage(
        input_tokens=usage.input + usage.cache_read + usage.cache_write,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
    )
    try:
        return float(genai_prices.calc_price(counted, model_ref=model, provider_id=provider).total_price)
    except LookupError:
        return None
