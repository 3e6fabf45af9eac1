"""The report of the shipped models holds the homework's numbers, as their cards have them, in both formats."""

import html
import re
from typing import Any

import pypdfium2
import pytest

from training.checkpoints.reading import load_checkpoint
from training.homework.report import write_report
from training.homework.report_numbers import Measuring
from training.release.cards import read_card
from training.release.published import ACCURACIES, REFERENCES
from training.system.errors import Cancelled, UserError
from training.system.folders import PRETRAINED
from training.system.number_format import signed

PICTURES = 3 + 3  # of 200 images each, and the curves


@pytest.fixture(scope="module")
def written() -> str:
    return write_report({}, "html").decode()


@pytest.fixture(scope="module")
def text(written: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", written))).split())


def test_every_number_of_the_homework_is_in_it(text: str) -> None:
    for preset in ("vae", "gmvae"):
        card = read_card(PRETRAINED / preset)
        for numbers in card.sets.values():
            for value in (numbers.nelbo, numbers.kl, numbers.rec):
                assert signed(value) in text
        assert all(signed(value) in text for value in card.sets["homework"].niwae.values())
    for entry in REFERENCES:
        assert all(signed(value) in text for value in (entry.nelbo, entry.kl, entry.rec, *entry.niwae.values()))
    for reference in ACCURACIES:
        assert f"{reference.accuracy:.1%}" in text
        assert f"{read_card(PRETRAINED / reference.model).accuracy:.2%}" in text


def test_every_model_is_traced_to_its_weights(text: str) -> None:
    for preset in ("vae", "gmvae", "ssvae-supervised", "ssvae", "fsvae"):
        card = read_card(PRETRAINED / preset)
        assert card.sha256 in text
        assert f"{card.parameters:,} {card.steps:,} {card.seed}" in text


def test_the_file_needs_nothing_else(written: str) -> None:
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", written)
    assert "<script" not in written
    assert "url(" not in written
    images = re.findall(r"<img[^>]*>", written)
    assert len(images) == PICTURES
    assert all('alt="' in image for image in images)
    assert written.count('src="data:image/png') == 3
    assert len(re.findall(r'<math display="block"', written)) >= 8


def test_its_derivations_hold(text: str) -> None:
    identity = text[text.index("quantity, nats value") : text.index("Table 2")]
    log_p, elbo, kl, both, *_ = (float(value.replace("−", "-")) for value in re.findall(r"−?\d+\.\d{4}", identity))
    assert elbo + kl == pytest.approx(both, abs=2e-4)
    assert both == pytest.approx(log_p, abs=1e-4)
    one, loop = re.findall(r"a NELBO of ([\d.]+), and a loop that treats them one by one ([\d.]+)\.", text)[0]
    assert one == loop


def test_the_pdf_has_the_same_numbers_on_pages() -> None:
    document = pypdfium2.PdfDocument(write_report({}, "pdf"))
    assert 4 <= len(document) <= 9
    pages: list[Any] = [page.get_textpage().get_text_bounded() for page in document]
    card = read_card(PRETRAINED / "gmvae")
    assert signed(card.sets["homework"].niwae["1000"]) in " ".join(pages)
    assert all(pages)


def test_what_does_not_fit_is_one_sentence() -> None:
    vae = load_checkpoint(PRETRAINED / "vae")
    with pytest.raises(UserError, match=r"vae is a VAE, and gmvae is a GMVAE\."):
        write_report({"gmvae": vae})
    with pytest.raises(UserError, match="The homework has no model 'vampprior': choose vae"):
        write_report({"vampprior": vae})


def test_it_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        write_report({}, how=Measuring(should_stop=lambda: True))
