"""The glossary: short explanations of the field's terms, shown where a term is first met on a page.

Such a term has a dotted line below it. Pointing at it, touching it or reaching it with the Tab key shows the entry.
"""

import re
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

__all__ = ["ENTRIES", "STYLE", "Entry", "caption", "first_mentions", "markdown", "start_page"]

STYLE = Path(__file__).with_suffix(".css")
MET = "glossary-met"


class Entry(NamedTuple):
    """A term, how texts write it (a regular expression; capitals matter only where it has some), and what it means.

    Other terms stand in braces in an explanation.
    """

    term: str
    written: str
    meaning: str


ENTRIES = (
    Entry(
        "aggregate posterior",
        "aggregate posterior",
        "The mean of q(z|x) over all images: where real images have their codes. Where the {prior} has mass and it has "
        "little, samples seldom look like images.",
    ),
    Entry(
        "posterior collapse",
        "posterior collapse|collapsed?",
        "A dimension has collapsed if its {posterior} equals the {prior} for every image: "
        "it says nothing to the {decoder}.",
    ),
    Entry(
        "KL weight",
        "KL weight|β",
        "The factor β before the {KL} in the loss. At 1 the loss is the {NELBO}. With a larger β codes say less about "
        "their image, with a smaller β more.",
    ),
    Entry(
        "NELBO",
        "NELBO",
        "The negative {ELBO} of an image: {reconstruction} plus {KL}, in nats. It is an upper bound on −log p(x), or "
        "on −log p(x|y) where the digit y is given. Lower is better.",
    ),
    Entry(
        "ELBO",
        "ELBO",
        "The evidence lower bound on log p(x). Training raises it, since log p(x) itself cannot be computed. The gap "
        "is KL(q(z|x) ‖ p(z|x)).",
    ),
    Entry(
        "KL",
        "KL",
        "The Kullback-Leibler divergence of q(z|x) from p(z): how much the {posterior} of an image differs from the "
        "{prior}, in nats. It is 0 only where both are the same.",
    ),
    Entry(
        "IWAE bound",
        r"IWAE(?:[-‑]\d+)?(?: bound)?",
        "The importance-weighted bound: the expected log of the mean of m {importance weight}s, at most log p(x). It "
        "rises with m. Tables show its negative, as they do for the {NELBO}.",
    ),
    Entry(
        "importance weight",
        "importance weights?",
        "p(x, z) / q(z|x) of one sample z of q(z|x). The mean of all such weights is p(x).",
    ),
    Entry(
        "effective sample size",
        "ESS|effective sample size",
        "About how many of m samples carry the weight: 1 where one has it all, m where all are equal. A low one shows "
        "a poor q(z|x); a high one proves nothing, for it cannot see what q never draws.",
    ),
    Entry(
        "log p(x)",
        r"log p\(x\)",
        "The log-likelihood of an image under the model, in nats. It is an integral over all codes z that has no "
        "closed form; bounds approach it.",
    ),
    Entry(
        "nat",
        "nats?",
        "The unit of information with the natural logarithm: 1 nat is 1.44 bits.",
    ),
    Entry(
        "standard error",
        "standard error",
        "How far a mean of random draws typically lies from the true mean. It shrinks with the square root of their "
        "number. The text says over what: noise, images or trainings.",
    ),
    Entry(
        "latent dimension",
        "latent dimensions?",
        "One of the numbers of which a {code} z consists.",
    ),
    Entry(
        "code",
        r"latent codes?|(?<!own )codes?",
        "The latent code z: a few numbers that stand for an image. The {encoder} gives their distribution, the "
        "{decoder} makes an image from them.",
    ),
    Entry(
        "prior",
        "priors?",
        "p(z): how codes are distributed before any image is seen. New images are drawn from it.",
    ),
    Entry(
        "posterior",
        "posteriors?",
        "q(z|x): which codes the {encoder} finds likely for an image, as a Gaussian with a mean and a variance for "
        "each dimension. It approximates the true p(z|x).",
    ),
    Entry("encoder", "encoders?", "The network that takes an image x and gives q(z|x), the {posterior} of its {code}."),
    Entry("decoder", "decoders?", "The network that takes a {code} z and gives p(x|z), a distribution of images."),
    Entry(
        "reconstruction",
        "reconstructions?",
        "The image that the {decoder} makes of an image's own {code}. "
        "The term of this name is −log p(x|z), averaged over the {posterior}, in nats.",
    ),
    Entry(
        "Bernoulli",
        "Bernoulli",
        "A pixel of this distribution is white with a probability p, and black otherwise.",
    ),
    Entry(
        "active unit",
        r"active units?|(?<!data )in use",
        "A dimension with a {posterior} mean that varies from image to image: its variance is above 0.01.",
    ),
    Entry("component", "components?", "One of the Gaussians of a mixture, as in the {prior} of a GMVAE."),
    Entry(
        "responsibility",
        "responsibilit(?:y|ies)",
        "The probability that a {code} came from this {component} and not from another. They sum to 1.",
    ),
    Entry(
        "traversal",
        "traversals?",
        "Images decoded while one dimension of the {code} changes and all others stay.",
    ),
    Entry(
        "temperature",
        "temperature",
        "The factor on the standard deviation of the {prior} when codes are drawn from it.",
    ),
    Entry("held-out", "held-out", "Not used in training, so that it can show what was learned and not only memorised."),
    Entry(
        "cross-entropy",
        "cross-entropy",
        "−log q(y|x) of the right label: 0 for a {classifier} that is sure and right, ln 10 for a blind guess of ten.",
    ),
    Entry("classifier", "classifiers?", "A network that takes an image and gives the probability of each label."),
    Entry(
        "adversary",
        "adversary",
        "A network that predicts the digit from the {style} z, while the {encoder} learns to make that impossible.",
    ),
    Entry(
        "style", "styles?", "All that a picture shows beside its label y: colours, light, slant, width of the stroke."
    ),
)

MEANINGS = {entry.term: re.sub(r"[{}]", "", entry.meaning) for entry in ENTRIES}
_FREE = r"\$[^$]+\$|`[^`]*`|\[[^\]]*\]\([^)]*\)|:\w+/\w+:"  # formulas, code, links and icons are left alone
_HTML = re.compile(r"(\$[^$]+\$|`[^`]*`|\\<)|<")


def _either_case(written: str) -> str:
    return f"(?i:{written})" if written == written.lower() else f"(?:{written})"


_MENTION = re.compile(
    f"{_FREE}|(?<![\\w-])(?:"
    + "|".join(f"(?P<e{place}>{_either_case(entry.written)})" for place, entry in enumerate(ENTRIES))
    + r")(?![\w-])"
)


def start_page() -> None:
    """From here on no term was met yet."""
    st.session_state[MET] = {}


def markdown(text: str, *, into: Any = st) -> None:
    """Write Markdown, with those terms explained that the page mentions here first; HTML in it is shown as it is."""
    into.markdown(_explained(text), unsafe_allow_html=True)


def caption(text: str, *, into: Any = st) -> None:
    """The same in the small letters of a caption."""
    into.caption(_explained(text), unsafe_allow_html=True)


def first_mentions(text: str) -> dict[str, re.Match[str]]:
    """Where a text mentions each term for the first time, outside of formulas, code and links."""
    found: dict[str, re.Match[str]] = {}
    for mention in _MENTION.finditer(text):
        if mention.lastgroup:
            found.setdefault(ENTRIES[int(mention.lastgroup[1:])].term, mention)
    return found


def _explained(text: str) -> str:
    """The text with each term explained that no other text of this page mentioned before.

    Where a part of a page runs again by itself, the same text explains the same terms again.
    """
    met: dict[str, str] = st.session_state.setdefault(MET, {})
    text = _HTML.sub(lambda found: found[1] or "&lt;", text)
    written, end = "", 0
    for term, mention in first_mentions(text).items():
        if met.setdefault(term, text) == text:
            written += text[end : mention.start()] + _with_entry(mention[0], MEANINGS[term])
            end = mention.end()
    return written + text[end:]


def _with_entry(word: str, meaning: str) -> str:
    meaning = escape(meaning)
    return f'<dfn tabindex="0" aria-description="{meaning}" data-meaning="{meaning}">{word}</dfn>'
