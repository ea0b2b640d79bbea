"""Uses the public names with their types: mypy has to accept it, and it runs in a few seconds."""

from collections.abc import Mapping

import pandas as pd
from torch import Tensor, nn

import heurlens
from heurlens.cca import Similarity, dft_cca, features, procrustes, pwcca
from heurlens.cca import compare as compare_layers
from heurlens.checkpoints import connect_files, load_weights, make_network
from heurlens.data import Data, Split
from heurlens.mode_connectivity import Curve, Plane, landscape, plane, reestimate_bn, rise
from heurlens.models import convnet, vgg
from heurlens.records import Config
from heurlens.running import planned


def networks() -> tuple[nn.Module, nn.Module]:
    "Two small networks, not trained"
    a: nn.Module = convnet(num_classes=10, width=0.25, in_chans=1)
    b: nn.Module = convnet(10, 0.25, 1)
    return a, b


def lens_1(a: nn.Module, b: nn.Module, split: Split) -> float:
    "Barrier of a curve between two networks"
    batches = split.batches(100, shuffle=True, seed=1)
    curve: Curve = heurlens.connect(a, b, batches, kind="bezier", bends=1, epochs=1, lr=0.01)
    straight: Curve = heurlens.line(a, heurlens.align(a, b, batches))
    profile: pd.DataFrame = curve.profile(batches, ts=3)
    weights: Mapping[str, Tensor] = curve.weights(0.5)
    middle: nn.Module = straight.model(0.5, bn_batches=batches)
    reestimate_bn(middle, batches)
    flat: Plane = plane(a.state_dict(), b.state_dict(), weights)
    x, y, off = flat.project(weights)
    pairs: pd.DataFrame = heurlens.barrier_matrix({"a": a, "b": b}, batches)
    print(f"{x:.3f} {y:.3f} {off:.3f} {curve.length():.3f} {rise(profile):.3f} {len(pairs)}")
    return heurlens.barrier(profile)


def lens_2(a: nn.Module, b: nn.Module, split: Split) -> float:
    "Similarity of two layers"
    batches = split.batches(100)
    x: Tensor = features(a, batches, ["fc1"])["fc1"]
    y: Tensor = features(b, batches, ["fc1"])["fc1"]
    kinds: list[Similarity] = [heurlens.cca(x, y), heurlens.svcca(x, y, keep=0.99), pwcca(x, y)]
    kinds += [heurlens.cka(x, y, debiased=True), procrustes(x, y)]
    table: pd.DataFrame = compare_layers(a, b, batches, ["fc1"], ["fc1"])
    value: float = kinds[0].value
    chance: float = kinds[0].chance
    print(table.round(2), f"{value - chance:.2f}")
    return value


def main() -> None:
    data: Data = heurlens.load_data("digits", valid=0.1)
    split: Split = data.train
    a, b = networks()
    configs: list[Config] = planned(["warmup"], "digits", seeds=1, budget=0.1)
    classes: list[str] = data.classes
    print(f"{lens_1(a, b, split):.3f} {lens_2(a, b, split):.3f} {len(configs)} {len(classes)}")


UNUSED = (connect_files, load_weights, make_network, dft_cca, landscape, vgg)  # only looked up

if __name__ == "__main__":
    main()
