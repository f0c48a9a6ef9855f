"""Native code: small C++ sources, built where there is a compiler, used only after they have shown that they work."""

from heldout.native.library import NativeLibrary as NativeLibrary
from heldout.native.library import describe_library as describe_library
from heldout.native.library import find_library as find_library
