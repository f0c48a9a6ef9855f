"""What the build of a wheel adds to the files: the native library, where compiler and JAX's headers are there.

A wheel built without them is complete too: the library is then built at the first use, or the portable way serves.
An editable install needs nothing, because JAX is usually installed after the build has run.
"""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeBuildHook(BuildHookInterface):
    """Adds the shared libraries to a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library for every instruction set; leave the wheel as it is where that cannot be done."""
        if version == "editable" or self.target_name != "wheel":
            return
        headers, build = _find_headers(), _load_build(Path(self.root))
        compiler = build.find_compiler()
        if headers is None or not compiler or not build.find_level():
            self.app.display_info("no compiler or no headers of jaxlib: the wheel carries no native library")
            return
        self._folder = tempfile.TemporaryDirectory(prefix="heldout-native-")
        for level in build.LEVELS:
            name = f"convolution-{level}.so"
            library = Path(self._folder.name) / name
            problem = build.build_library(library, level=level, include=headers, compiler=compiler)
            if problem:
                self.app.display_warning(problem)
                continue
            build_data["force_include"][str(library)] = f"heldout/native/{name}"
            build_data["pure_python"] = False
            # no interface of Python is used, so one wheel serves all its versions
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete the libraries that now stand in the wheel."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _find_headers() -> Path | None:
    found = importlib.util.find_spec("jaxlib")
    places = (
        [] if found is None else [Path(place) / "include" for place in found.submodule_search_locations or ()]
    )
    return next((place for place in places if (place / "xla" / "ffi" / "api" / "ffi.h").is_file()), None)


def _load_build(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "heldout_native_build", root / "src/heldout/native/build.py"
    )
    if spec is None or spec.loader is None:
        raise FileNotFoundError("src/heldout/native/build.py is missing from the source tree")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
