"""Networks for ONE example as pairs of plain functions; `vmap` adds the axes."""

from heldout.nets.mlp import apply_mlp as apply_mlp
from heldout.nets.mlp import count_parameters as count_parameters
from heldout.nets.mlp import init_mlp as init_mlp
