"""Networks as plain functions over tuples of arrays: a size lists its layers, a function applies them to a batch."""

from heldout.nets.mlp import count_parameters as count_parameters
from heldout.nets.net import EVALUATION as EVALUATION
from heldout.nets.net import Family as Family
from heldout.nets.net import LayerSpec as LayerSpec
from heldout.nets.net import Mode as Mode
from heldout.nets.net import Net as Net
from heldout.nets.net import count_embedded as count_embedded
from heldout.nets.net import count_layer_parameters as count_layer_parameters
from heldout.nets.net import count_products as count_products
from heldout.nets.net import draw_params as draw_params
from heldout.nets.net import find_widest as find_widest
from heldout.nets.net import fold_shares as fold_shares
from heldout.nets.net import list_shapes as list_shapes
from heldout.nets.net import pad_arrays as pad_arrays
from heldout.nets.net import start_memory as start_memory
from heldout.nets.ordered import order_outputs as order_outputs
from heldout.nets.table import FAMILIES as FAMILIES
from heldout.nets.table import apply_net as apply_net
from heldout.nets.table import check_net as check_net
from heldout.nets.table import find_family as find_family
from heldout.nets.table import finish_outputs as finish_outputs
from heldout.nets.table import list_layers as list_layers
