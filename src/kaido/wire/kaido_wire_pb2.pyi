from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PrimitiveType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NULL: _ClassVar[PrimitiveType]
    BOOL: _ClassVar[PrimitiveType]
    UINT8: _ClassVar[PrimitiveType]
    UINT16: _ClassVar[PrimitiveType]
    UINT32: _ClassVar[PrimitiveType]
    UINT64: _ClassVar[PrimitiveType]
    INT8: _ClassVar[PrimitiveType]
    INT16: _ClassVar[PrimitiveType]
    INT32: _ClassVar[PrimitiveType]
    INT64: _ClassVar[PrimitiveType]
    FLOAT32: _ClassVar[PrimitiveType]
    FLOAT64: _ClassVar[PrimitiveType]
    STRING: _ClassVar[PrimitiveType]

class SignalValueType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTEGER: _ClassVar[SignalValueType]
    FLOATING_POINT: _ClassVar[SignalValueType]

class TriggerMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALWAYS: _ClassVar[TriggerMode]
    RISING_EDGE: _ClassVar[TriggerMode]
NULL: PrimitiveType
BOOL: PrimitiveType
UINT8: PrimitiveType
UINT16: PrimitiveType
UINT32: PrimitiveType
UINT64: PrimitiveType
INT8: PrimitiveType
INT16: PrimitiveType
INT32: PrimitiveType
INT64: PrimitiveType
FLOAT32: PrimitiveType
FLOAT64: PrimitiveType
STRING: PrimitiveType
INTEGER: SignalValueType
FLOATING_POINT: SignalValueType
ALWAYS: TriggerMode
RISING_EDGE: TriggerMode

class Checkin(_message.Message):
    __slots__ = ("document_sync_ids", "timestamp_ms_epoch")
    DOCUMENT_SYNC_IDS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_EPOCH_FIELD_NUMBER: _ClassVar[int]
    document_sync_ids: _containers.RepeatedScalarFieldContainer[str]
    timestamp_ms_epoch: int
    def __init__(self, document_sync_ids: _Optional[_Iterable[str]] = ..., timestamp_ms_epoch: _Optional[int] = ...) -> None: ...

class DecoderManifest(_message.Message):
    __slots__ = ("sync_id", "can_signals", "obd_pid_signals", "complex_types", "complex_signals", "custom_decoding_signals", "multiplexed_can_signals")
    SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    CAN_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    OBD_PID_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    COMPLEX_TYPES_FIELD_NUMBER: _ClassVar[int]
    COMPLEX_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_DECODING_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    MULTIPLEXED_CAN_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    sync_id: str
    can_signals: _containers.RepeatedCompositeFieldContainer[CANSignal]
    obd_pid_signals: _containers.RepeatedCompositeFieldContainer[OBDPIDSignal]
    complex_types: _containers.RepeatedCompositeFieldContainer[ComplexType]
    complex_signals: _containers.RepeatedCompositeFieldContainer[ComplexSignal]
    custom_decoding_signals: _containers.RepeatedCompositeFieldContainer[CustomDecodingSignal]
    multiplexed_can_signals: _containers.RepeatedCompositeFieldContainer[MultiplexedCANSignal]
    def __init__(self, sync_id: _Optional[str] = ..., can_signals: _Optional[_Iterable[_Union[CANSignal, _Mapping]]] = ..., obd_pid_signals: _Optional[_Iterable[_Union[OBDPIDSignal, _Mapping]]] = ..., complex_types: _Optional[_Iterable[_Union[ComplexType, _Mapping]]] = ..., complex_signals: _Optional[_Iterable[_Union[ComplexSignal, _Mapping]]] = ..., custom_decoding_signals: _Optional[_Iterable[_Union[CustomDecodingSignal, _Mapping]]] = ..., multiplexed_can_signals: _Optional[_Iterable[_Union[MultiplexedCANSignal, _Mapping]]] = ...) -> None: ...

class MultiplexedCANSignal(_message.Message):
    __slots__ = ("signal", "selectors")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    SELECTORS_FIELD_NUMBER: _ClassVar[int]
    signal: CANSignal
    selectors: _containers.RepeatedCompositeFieldContainer[CANSelector]
    def __init__(self, signal: _Optional[_Union[CANSignal, _Mapping]] = ..., selectors: _Optional[_Iterable[_Union[CANSelector, _Mapping]]] = ...) -> None: ...

class CANSelector(_message.Message):
    __slots__ = ("start_bit", "length", "is_big_endian", "ranges")
    START_BIT_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    IS_BIG_ENDIAN_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    start_bit: int
    length: int
    is_big_endian: bool
    ranges: _containers.RepeatedCompositeFieldContainer[CANSelectorRange]
    def __init__(self, start_bit: _Optional[int] = ..., length: _Optional[int] = ..., is_big_endian: _Optional[bool] = ..., ranges: _Optional[_Iterable[_Union[CANSelectorRange, _Mapping]]] = ...) -> None: ...

class CANSelectorRange(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    last: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class CANSignal(_message.Message):
    __slots__ = ("signal_id", "interface_id", "message_id", "is_big_endian", "is_signed", "start_bit", "offset", "factor", "length", "primitive_type", "signal_value_type")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IS_BIG_ENDIAN_FIELD_NUMBER: _ClassVar[int]
    IS_SIGNED_FIELD_NUMBER: _ClassVar[int]
    START_BIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    PRIMITIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_VALUE_TYPE_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    interface_id: str
    message_id: int
    is_big_endian: bool
    is_signed: bool
    start_bit: int
    offset: float
    factor: float
    length: int
    primitive_type: PrimitiveType
    signal_value_type: SignalValueType
    def __init__(self, signal_id: _Optional[int] = ..., interface_id: _Optional[str] = ..., message_id: _Optional[int] = ..., is_big_endian: _Optional[bool] = ..., is_signed: _Optional[bool] = ..., start_bit: _Optional[int] = ..., offset: _Optional[float] = ..., factor: _Optional[float] = ..., length: _Optional[int] = ..., primitive_type: _Optional[_Union[PrimitiveType, str]] = ..., signal_value_type: _Optional[_Union[SignalValueType, str]] = ...) -> None: ...

class OBDPIDSignal(_message.Message):
    __slots__ = ("signal_id", "interface_id", "pid_response_length", "service_mode", "pid", "scaling", "offset", "start_byte", "byte_length", "bit_right_shift", "bit_mask_length", "primitive_type", "signal_value_type", "is_signed")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_ID_FIELD_NUMBER: _ClassVar[int]
    PID_RESPONSE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    SERVICE_MODE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    START_BYTE_FIELD_NUMBER: _ClassVar[int]
    BYTE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    BIT_RIGHT_SHIFT_FIELD_NUMBER: _ClassVar[int]
    BIT_MASK_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PRIMITIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_VALUE_TYPE_FIELD_NUMBER: _ClassVar[int]
    IS_SIGNED_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    interface_id: str
    pid_response_length: int
    service_mode: int
    pid: int
    scaling: float
    offset: float
    start_byte: int
    byte_length: int
    bit_right_shift: int
    bit_mask_length: int
    primitive_type: PrimitiveType
    signal_value_type: SignalValueType
    is_signed: bool
    def __init__(self, signal_id: _Optional[int] = ..., interface_id: _Optional[str] = ..., pid_response_length: _Optional[int] = ..., service_mode: _Optional[int] = ..., pid: _Optional[int] = ..., scaling: _Optional[float] = ..., offset: _Optional[float] = ..., start_byte: _Optional[int] = ..., byte_length: _Optional[int] = ..., bit_right_shift: _Optional[int] = ..., bit_mask_length: _Optional[int] = ..., primitive_type: _Optional[_Union[PrimitiveType, str]] = ..., signal_value_type: _Optional[_Union[SignalValueType, str]] = ..., is_signed: _Optional[bool] = ...) -> None: ...

class CustomDecodingSignal(_message.Message):
    __slots__ = ("signal_id", "interface_id", "custom_decoding_id", "primitive_type")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_DECODING_ID_FIELD_NUMBER: _ClassVar[int]
    PRIMITIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    interface_id: str
    custom_decoding_id: str
    primitive_type: PrimitiveType
    def __init__(self, signal_id: _Optional[int] = ..., interface_id: _Optional[str] = ..., custom_decoding_id: _Optional[str] = ..., primitive_type: _Optional[_Union[PrimitiveType, str]] = ...) -> None: ...

class ComplexType(_message.Message):
    __slots__ = ("type_id", "primitive_data", "struct", "array", "string_data")
    TYPE_ID_FIELD_NUMBER: _ClassVar[int]
    PRIMITIVE_DATA_FIELD_NUMBER: _ClassVar[int]
    STRUCT_FIELD_NUMBER: _ClassVar[int]
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    STRING_DATA_FIELD_NUMBER: _ClassVar[int]
    type_id: int
    primitive_data: PrimitiveData
    struct: ComplexStruct
    array: ComplexArray
    string_data: StringData
    def __init__(self, type_id: _Optional[int] = ..., primitive_data: _Optional[_Union[PrimitiveData, _Mapping]] = ..., struct: _Optional[_Union[ComplexStruct, _Mapping]] = ..., array: _Optional[_Union[ComplexArray, _Mapping]] = ..., string_data: _Optional[_Union[StringData, _Mapping]] = ...) -> None: ...

class PrimitiveData(_message.Message):
    __slots__ = ("primitive_type", "scaling", "offset")
    PRIMITIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    primitive_type: PrimitiveType
    scaling: float
    offset: float
    def __init__(self, primitive_type: _Optional[_Union[PrimitiveType, str]] = ..., scaling: _Optional[float] = ..., offset: _Optional[float] = ...) -> None: ...

class ComplexStruct(_message.Message):
    __slots__ = ("members",)
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[StructMember]
    def __init__(self, members: _Optional[_Iterable[_Union[StructMember, _Mapping]]] = ...) -> None: ...

class StructMember(_message.Message):
    __slots__ = ("type_id",)
    TYPE_ID_FIELD_NUMBER: _ClassVar[int]
    type_id: int
    def __init__(self, type_id: _Optional[int] = ...) -> None: ...

class ComplexArray(_message.Message):
    __slots__ = ("size", "type_id")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    TYPE_ID_FIELD_NUMBER: _ClassVar[int]
    size: int
    type_id: int
    def __init__(self, size: _Optional[int] = ..., type_id: _Optional[int] = ...) -> None: ...

class StringData(_message.Message):
    __slots__ = ("encoding", "size")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    encoding: int
    size: int
    def __init__(self, encoding: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class ComplexSignal(_message.Message):
    __slots__ = ("signal_id", "interface_id", "message_id", "root_type_id")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_TYPE_ID_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    interface_id: str
    message_id: str
    root_type_id: int
    def __init__(self, signal_id: _Optional[int] = ..., interface_id: _Optional[str] = ..., message_id: _Optional[str] = ..., root_type_id: _Optional[int] = ...) -> None: ...

class CollectionSchemes(_message.Message):
    __slots__ = ("collection_schemes", "timestamp_ms_epoch")
    COLLECTION_SCHEMES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_EPOCH_FIELD_NUMBER: _ClassVar[int]
    collection_schemes: _containers.RepeatedCompositeFieldContainer[CollectionScheme]
    timestamp_ms_epoch: int
    def __init__(self, collection_schemes: _Optional[_Iterable[_Union[CollectionScheme, _Mapping]]] = ..., timestamp_ms_epoch: _Optional[int] = ...) -> None: ...

class CollectionScheme(_message.Message):
    __slots__ = ("campaign_sync_id", "decoder_manifest_sync_id", "start_time_ms_epoch", "expiry_time_ms_epoch", "time_based", "condition_based", "after_duration_ms", "include_active_dtcs", "signal_information", "persist_all_collected_data", "compress_collected_data", "priority", "s3_upload_metadata", "store_and_forward_configuration", "signal_fetch_information", "campaign_arn")
    CAMPAIGN_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    DECODER_MANIFEST_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_MS_EPOCH_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_TIME_MS_EPOCH_FIELD_NUMBER: _ClassVar[int]
    TIME_BASED_FIELD_NUMBER: _ClassVar[int]
    CONDITION_BASED_FIELD_NUMBER: _ClassVar[int]
    AFTER_DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ACTIVE_DTCS_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_INFORMATION_FIELD_NUMBER: _ClassVar[int]
    PERSIST_ALL_COLLECTED_DATA_FIELD_NUMBER: _ClassVar[int]
    COMPRESS_COLLECTED_DATA_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    S3_UPLOAD_METADATA_FIELD_NUMBER: _ClassVar[int]
    STORE_AND_FORWARD_CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FETCH_INFORMATION_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_ARN_FIELD_NUMBER: _ClassVar[int]
    campaign_sync_id: str
    decoder_manifest_sync_id: str
    start_time_ms_epoch: int
    expiry_time_ms_epoch: int
    time_based: TimeBasedCollectionScheme
    condition_based: ConditionBasedCollectionScheme
    after_duration_ms: int
    include_active_dtcs: bool
    signal_information: _containers.RepeatedCompositeFieldContainer[SignalInformation]
    persist_all_collected_data: bool
    compress_collected_data: bool
    priority: int
    s3_upload_metadata: S3UploadMetadata
    store_and_forward_configuration: StoreAndForwardConfiguration
    signal_fetch_information: _containers.RepeatedCompositeFieldContainer[FetchInformation]
    campaign_arn: str
    def __init__(self, campaign_sync_id: _Optional[str] = ..., decoder_manifest_sync_id: _Optional[str] = ..., start_time_ms_epoch: _Optional[int] = ..., expiry_time_ms_epoch: _Optional[int] = ..., time_based: _Optional[_Union[TimeBasedCollectionScheme, _Mapping]] = ..., condition_based: _Optional[_Union[ConditionBasedCollectionScheme, _Mapping]] = ..., after_duration_ms: _Optional[int] = ..., include_active_dtcs: _Optional[bool] = ..., signal_information: _Optional[_Iterable[_Union[SignalInformation, _Mapping]]] = ..., persist_all_collected_data: _Optional[bool] = ..., compress_collected_data: _Optional[bool] = ..., priority: _Optional[int] = ..., s3_upload_metadata: _Optional[_Union[S3UploadMetadata, _Mapping]] = ..., store_and_forward_configuration: _Optional[_Union[StoreAndForwardConfiguration, _Mapping]] = ..., signal_fetch_information: _Optional[_Iterable[_Union[FetchInformation, _Mapping]]] = ..., campaign_arn: _Optional[str] = ...) -> None: ...

class S3UploadMetadata(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TimeBasedCollectionScheme(_message.Message):
    __slots__ = ("period_ms",)
    PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    period_ms: int
    def __init__(self, period_ms: _Optional[int] = ...) -> None: ...

class ConditionBasedCollectionScheme(_message.Message):
    __slots__ = ("minimum_interval_ms", "condition_language_version", "condition_tree", "trigger_mode")
    MINIMUM_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONDITION_TREE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_MODE_FIELD_NUMBER: _ClassVar[int]
    minimum_interval_ms: int
    condition_language_version: int
    condition_tree: ConditionNode
    trigger_mode: TriggerMode
    def __init__(self, minimum_interval_ms: _Optional[int] = ..., condition_language_version: _Optional[int] = ..., condition_tree: _Optional[_Union[ConditionNode, _Mapping]] = ..., trigger_mode: _Optional[_Union[TriggerMode, str]] = ...) -> None: ...

class SignalPath(_message.Message):
    __slots__ = ("signal_path",)
    SIGNAL_PATH_FIELD_NUMBER: _ClassVar[int]
    signal_path: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, signal_path: _Optional[_Iterable[int]] = ...) -> None: ...

class SignalInformation(_message.Message):
    __slots__ = ("signal_id", "sample_buffer_size", "minimum_sample_period_ms", "fixed_window_period_ms", "condition_only_signal", "signal_path", "data_partition_id")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_BUFFER_SIZE_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_SAMPLE_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    FIXED_WINDOW_PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_ONLY_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_PATH_FIELD_NUMBER: _ClassVar[int]
    DATA_PARTITION_ID_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    sample_buffer_size: int
    minimum_sample_period_ms: int
    fixed_window_period_ms: int
    condition_only_signal: bool
    signal_path: SignalPath
    data_partition_id: int
    def __init__(self, signal_id: _Optional[int] = ..., sample_buffer_size: _Optional[int] = ..., minimum_sample_period_ms: _Optional[int] = ..., fixed_window_period_ms: _Optional[int] = ..., condition_only_signal: _Optional[bool] = ..., signal_path: _Optional[_Union[SignalPath, _Mapping]] = ..., data_partition_id: _Optional[int] = ...) -> None: ...

class StoreAndForwardConfiguration(_message.Message):
    __slots__ = ("partition_configuration",)
    PARTITION_CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    partition_configuration: _containers.RepeatedCompositeFieldContainer[PartitionConfiguration]
    def __init__(self, partition_configuration: _Optional[_Iterable[_Union[PartitionConfiguration, _Mapping]]] = ...) -> None: ...

class PartitionConfiguration(_message.Message):
    __slots__ = ("storage_options", "upload_options")
    STORAGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    storage_options: StorageOptions
    upload_options: UploadOptions
    def __init__(self, storage_options: _Optional[_Union[StorageOptions, _Mapping]] = ..., upload_options: _Optional[_Union[UploadOptions, _Mapping]] = ...) -> None: ...

class StorageOptions(_message.Message):
    __slots__ = ("maximum_size_in_bytes", "storage_location", "minimum_time_to_live_in_seconds")
    MAXIMUM_SIZE_IN_BYTES_FIELD_NUMBER: _ClassVar[int]
    STORAGE_LOCATION_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_TIME_TO_LIVE_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    maximum_size_in_bytes: int
    storage_location: str
    minimum_time_to_live_in_seconds: int
    def __init__(self, maximum_size_in_bytes: _Optional[int] = ..., storage_location: _Optional[str] = ..., minimum_time_to_live_in_seconds: _Optional[int] = ...) -> None: ...

class UploadOptions(_message.Message):
    __slots__ = ("condition_tree",)
    CONDITION_TREE_FIELD_NUMBER: _ClassVar[int]
    condition_tree: ConditionNode
    def __init__(self, condition_tree: _Optional[_Union[ConditionNode, _Mapping]] = ...) -> None: ...

class FetchInformation(_message.Message):
    __slots__ = ("signal_id", "time_based", "condition_based", "condition_language_version", "actions")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_BASED_FIELD_NUMBER: _ClassVar[int]
    CONDITION_BASED_FIELD_NUMBER: _ClassVar[int]
    CONDITION_LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    time_based: TimeBasedFetch
    condition_based: ConditionBasedFetch
    condition_language_version: int
    actions: _containers.RepeatedCompositeFieldContainer[ConditionNode]
    def __init__(self, signal_id: _Optional[int] = ..., time_based: _Optional[_Union[TimeBasedFetch, _Mapping]] = ..., condition_based: _Optional[_Union[ConditionBasedFetch, _Mapping]] = ..., condition_language_version: _Optional[int] = ..., actions: _Optional[_Iterable[_Union[ConditionNode, _Mapping]]] = ...) -> None: ...

class TimeBasedFetch(_message.Message):
    __slots__ = ("max_execution_count", "execution_frequency_ms", "reset_max_execution_count_interval_ms")
    MAX_EXECUTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FREQUENCY_MS_FIELD_NUMBER: _ClassVar[int]
    RESET_MAX_EXECUTION_COUNT_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    max_execution_count: int
    execution_frequency_ms: int
    reset_max_execution_count_interval_ms: int
    def __init__(self, max_execution_count: _Optional[int] = ..., execution_frequency_ms: _Optional[int] = ..., reset_max_execution_count_interval_ms: _Optional[int] = ...) -> None: ...

class ConditionBasedFetch(_message.Message):
    __slots__ = ("condition_tree", "trigger_mode")
    CONDITION_TREE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_MODE_FIELD_NUMBER: _ClassVar[int]
    condition_tree: ConditionNode
    trigger_mode: TriggerMode
    def __init__(self, condition_tree: _Optional[_Union[ConditionNode, _Mapping]] = ..., trigger_mode: _Optional[_Union[TriggerMode, str]] = ...) -> None: ...

class PrimitiveInComplex(_message.Message):
    __slots__ = ("signal_id", "signal_path")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_PATH_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    signal_path: SignalPath
    def __init__(self, signal_id: _Optional[int] = ..., signal_path: _Optional[_Union[SignalPath, _Mapping]] = ...) -> None: ...

class ConditionNode(_message.Message):
    __slots__ = ("operator", "function", "double_value", "signal_id", "bool_value", "primitive_in_complex", "string_value")
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    PRIMITIVE_IN_COMPLEX_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    operator: NodeOperator
    function: NodeFunction
    double_value: float
    signal_id: int
    bool_value: bool
    primitive_in_complex: PrimitiveInComplex
    string_value: str
    def __init__(self, operator: _Optional[_Union[NodeOperator, _Mapping]] = ..., function: _Optional[_Union[NodeFunction, _Mapping]] = ..., double_value: _Optional[float] = ..., signal_id: _Optional[int] = ..., bool_value: _Optional[bool] = ..., primitive_in_complex: _Optional[_Union[PrimitiveInComplex, _Mapping]] = ..., string_value: _Optional[str] = ...) -> None: ...

class NodeOperator(_message.Message):
    __slots__ = ("left", "right", "operator")
    class Code(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SMALLER: _ClassVar[NodeOperator.Code]
        BIGGER: _ClassVar[NodeOperator.Code]
        SMALLER_EQUAL: _ClassVar[NodeOperator.Code]
        BIGGER_EQUAL: _ClassVar[NodeOperator.Code]
        EQUAL: _ClassVar[NodeOperator.Code]
        NOT_EQUAL: _ClassVar[NodeOperator.Code]
        AND: _ClassVar[NodeOperator.Code]
        OR: _ClassVar[NodeOperator.Code]
        NOT: _ClassVar[NodeOperator.Code]
        PLUS: _ClassVar[NodeOperator.Code]
        MINUS: _ClassVar[NodeOperator.Code]
        MULTIPLY: _ClassVar[NodeOperator.Code]
        DIVIDE: _ClassVar[NodeOperator.Code]
    SMALLER: NodeOperator.Code
    BIGGER: NodeOperator.Code
    SMALLER_EQUAL: NodeOperator.Code
    BIGGER_EQUAL: NodeOperator.Code
    EQUAL: NodeOperator.Code
    NOT_EQUAL: NodeOperator.Code
    AND: NodeOperator.Code
    OR: NodeOperator.Code
    NOT: NodeOperator.Code
    PLUS: NodeOperator.Code
    MINUS: NodeOperator.Code
    MULTIPLY: NodeOperator.Code
    DIVIDE: NodeOperator.Code
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    left: ConditionNode
    right: ConditionNode
    operator: NodeOperator.Code
    def __init__(self, left: _Optional[_Union[ConditionNode, _Mapping]] = ..., right: _Optional[_Union[ConditionNode, _Mapping]] = ..., operator: _Optional[_Union[NodeOperator.Code, str]] = ...) -> None: ...

class NodeFunction(_message.Message):
    __slots__ = ("window", "custom", "is_null")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    IS_NULL_FIELD_NUMBER: _ClassVar[int]
    window: WindowFunction
    custom: CustomFunction
    is_null: IsNullFunction
    def __init__(self, window: _Optional[_Union[WindowFunction, _Mapping]] = ..., custom: _Optional[_Union[CustomFunction, _Mapping]] = ..., is_null: _Optional[_Union[IsNullFunction, _Mapping]] = ...) -> None: ...

class WindowFunction(_message.Message):
    __slots__ = ("signal_id", "window_type")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LAST_MIN: _ClassVar[WindowFunction.Type]
        LAST_MAX: _ClassVar[WindowFunction.Type]
        LAST_AVG: _ClassVar[WindowFunction.Type]
        PREVIOUS_LAST_MIN: _ClassVar[WindowFunction.Type]
        PREVIOUS_LAST_MAX: _ClassVar[WindowFunction.Type]
        PREVIOUS_LAST_AVG: _ClassVar[WindowFunction.Type]
    LAST_MIN: WindowFunction.Type
    LAST_MAX: WindowFunction.Type
    LAST_AVG: WindowFunction.Type
    PREVIOUS_LAST_MIN: WindowFunction.Type
    PREVIOUS_LAST_MAX: WindowFunction.Type
    PREVIOUS_LAST_AVG: WindowFunction.Type
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    window_type: WindowFunction.Type
    def __init__(self, signal_id: _Optional[int] = ..., window_type: _Optional[_Union[WindowFunction.Type, str]] = ...) -> None: ...

class CustomFunction(_message.Message):
    __slots__ = ("function_name", "params")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    params: _containers.RepeatedCompositeFieldContainer[ConditionNode]
    def __init__(self, function_name: _Optional[str] = ..., params: _Optional[_Iterable[_Union[ConditionNode, _Mapping]]] = ...) -> None: ...

class IsNullFunction(_message.Message):
    __slots__ = ("expression",)
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    expression: ConditionNode
    def __init__(self, expression: _Optional[_Union[ConditionNode, _Mapping]] = ...) -> None: ...

class VehicleData(_message.Message):
    __slots__ = ("campaign_sync_id", "decoder_sync_id", "collection_event_id", "collection_event_time_ms_epoch", "captured_signals", "dtc_data", "s3_objects")
    CAMPAIGN_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    DECODER_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_EVENT_TIME_MS_EPOCH_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    DTC_DATA_FIELD_NUMBER: _ClassVar[int]
    S3_OBJECTS_FIELD_NUMBER: _ClassVar[int]
    campaign_sync_id: str
    decoder_sync_id: str
    collection_event_id: int
    collection_event_time_ms_epoch: int
    captured_signals: _containers.RepeatedCompositeFieldContainer[CapturedSignal]
    dtc_data: DtcData
    s3_objects: _containers.RepeatedCompositeFieldContainer[S3Object]
    def __init__(self, campaign_sync_id: _Optional[str] = ..., decoder_sync_id: _Optional[str] = ..., collection_event_id: _Optional[int] = ..., collection_event_time_ms_epoch: _Optional[int] = ..., captured_signals: _Optional[_Iterable[_Union[CapturedSignal, _Mapping]]] = ..., dtc_data: _Optional[_Union[DtcData, _Mapping]] = ..., s3_objects: _Optional[_Iterable[_Union[S3Object, _Mapping]]] = ...) -> None: ...

class CapturedSignal(_message.Message):
    __slots__ = ("relative_time_ms", "signal_id", "primitive_in_complex", "double_value", "string_value")
    RELATIVE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    PRIMITIVE_IN_COMPLEX_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    relative_time_ms: int
    signal_id: int
    primitive_in_complex: PrimitiveInComplex
    double_value: float
    string_value: str
    def __init__(self, relative_time_ms: _Optional[int] = ..., signal_id: _Optional[int] = ..., primitive_in_complex: _Optional[_Union[PrimitiveInComplex, _Mapping]] = ..., double_value: _Optional[float] = ..., string_value: _Optional[str] = ...) -> None: ...

class DtcData(_message.Message):
    __slots__ = ("relative_time_ms", "active_dtc_codes")
    RELATIVE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_DTC_CODES_FIELD_NUMBER: _ClassVar[int]
    relative_time_ms: int
    active_dtc_codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, relative_time_ms: _Optional[int] = ..., active_dtc_codes: _Optional[_Iterable[str]] = ...) -> None: ...

class S3Object(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StateTemplates(_message.Message):
    __slots__ = ("decoder_manifest_sync_id", "state_templates_to_add", "state_template_sync_ids_to_remove", "version")
    DECODER_MANIFEST_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_TEMPLATES_TO_ADD_FIELD_NUMBER: _ClassVar[int]
    STATE_TEMPLATE_SYNC_IDS_TO_REMOVE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    decoder_manifest_sync_id: str
    state_templates_to_add: _containers.RepeatedCompositeFieldContainer[StateTemplate]
    state_template_sync_ids_to_remove: _containers.RepeatedScalarFieldContainer[str]
    version: int
    def __init__(self, decoder_manifest_sync_id: _Optional[str] = ..., state_templates_to_add: _Optional[_Iterable[_Union[StateTemplate, _Mapping]]] = ..., state_template_sync_ids_to_remove: _Optional[_Iterable[str]] = ..., version: _Optional[int] = ...) -> None: ...

class StateTemplate(_message.Message):
    __slots__ = ("sync_id", "on_change", "periodic", "signal_ids")
    SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    ON_CHANGE_FIELD_NUMBER: _ClassVar[int]
    PERIODIC_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    sync_id: str
    on_change: OnChange
    periodic: Periodic
    signal_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, sync_id: _Optional[str] = ..., on_change: _Optional[_Union[OnChange, _Mapping]] = ..., periodic: _Optional[_Union[Periodic, _Mapping]] = ..., signal_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class OnChange(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Periodic(_message.Message):
    __slots__ = ("period_ms",)
    PERIOD_MS_FIELD_NUMBER: _ClassVar[int]
    period_ms: int
    def __init__(self, period_ms: _Optional[int] = ...) -> None: ...

class LastKnownStateData(_message.Message):
    __slots__ = ("collection_event_time_ms_epoch", "captured_state_template_signals")
    COLLECTION_EVENT_TIME_MS_EPOCH_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_STATE_TEMPLATE_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    collection_event_time_ms_epoch: int
    captured_state_template_signals: _containers.RepeatedCompositeFieldContainer[CapturedStateTemplateSignals]
    def __init__(self, collection_event_time_ms_epoch: _Optional[int] = ..., captured_state_template_signals: _Optional[_Iterable[_Union[CapturedStateTemplateSignals, _Mapping]]] = ...) -> None: ...

class CapturedStateTemplateSignals(_message.Message):
    __slots__ = ("state_template_sync_id", "captured_signals")
    STATE_TEMPLATE_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_SIGNALS_FIELD_NUMBER: _ClassVar[int]
    state_template_sync_id: str
    captured_signals: _containers.RepeatedCompositeFieldContainer[StateSignal]
    def __init__(self, state_template_sync_id: _Optional[str] = ..., captured_signals: _Optional[_Iterable[_Union[StateSignal, _Mapping]]] = ...) -> None: ...

class StateSignal(_message.Message):
    __slots__ = ("signal_id", "double_value", "bool_value", "int8_value", "uint8_value", "int16_value", "uint16_value", "int32_value", "uint32_value", "int64_value", "uint64_value", "float_value", "string_value", "relative_time_ms")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT8_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT8_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT16_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT16_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    FLOAT_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    double_value: float
    bool_value: bool
    int8_value: int
    uint8_value: int
    int16_value: int
    uint16_value: int
    int32_value: int
    uint32_value: int
    int64_value: int
    uint64_value: int
    float_value: float
    string_value: str
    relative_time_ms: int
    def __init__(self, signal_id: _Optional[int] = ..., double_value: _Optional[float] = ..., bool_value: _Optional[bool] = ..., int8_value: _Optional[int] = ..., uint8_value: _Optional[int] = ..., int16_value: _Optional[int] = ..., uint16_value: _Optional[int] = ..., int32_value: _Optional[int] = ..., uint32_value: _Optional[int] = ..., int64_value: _Optional[int] = ..., uint64_value: _Optional[int] = ..., float_value: _Optional[float] = ..., string_value: _Optional[str] = ..., relative_time_ms: _Optional[int] = ...) -> None: ...

class CommandRequest(_message.Message):
    __slots__ = ("command_id", "timeout_ms", "actuator", "last_known_state", "issued_timestamp_ms")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    ACTUATOR_FIELD_NUMBER: _ClassVar[int]
    LAST_KNOWN_STATE_FIELD_NUMBER: _ClassVar[int]
    ISSUED_TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    timeout_ms: int
    actuator: ActuatorCommand
    last_known_state: LastKnownStateCommand
    issued_timestamp_ms: int
    def __init__(self, command_id: _Optional[str] = ..., timeout_ms: _Optional[int] = ..., actuator: _Optional[_Union[ActuatorCommand, _Mapping]] = ..., last_known_state: _Optional[_Union[LastKnownStateCommand, _Mapping]] = ..., issued_timestamp_ms: _Optional[int] = ...) -> None: ...

class ActuatorCommand(_message.Message):
    __slots__ = ("signal_id", "decoder_manifest_sync_id", "double_value", "bool_value", "int8_value", "uint8_value", "int16_value", "uint16_value", "int32_value", "uint32_value", "int64_value", "uint64_value", "float_value", "string_value")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    DECODER_MANIFEST_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT8_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT8_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT16_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT16_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    FLOAT_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    signal_id: int
    decoder_manifest_sync_id: str
    double_value: float
    bool_value: bool
    int8_value: int
    uint8_value: int
    int16_value: int
    uint16_value: int
    int32_value: int
    uint32_value: int
    int64_value: int
    uint64_value: int
    float_value: float
    string_value: str
    def __init__(self, signal_id: _Optional[int] = ..., decoder_manifest_sync_id: _Optional[str] = ..., double_value: _Optional[float] = ..., bool_value: _Optional[bool] = ..., int8_value: _Optional[int] = ..., uint8_value: _Optional[int] = ..., int16_value: _Optional[int] = ..., uint16_value: _Optional[int] = ..., int32_value: _Optional[int] = ..., uint32_value: _Optional[int] = ..., int64_value: _Optional[int] = ..., uint64_value: _Optional[int] = ..., float_value: _Optional[float] = ..., string_value: _Optional[str] = ...) -> None: ...

class LastKnownStateCommand(_message.Message):
    __slots__ = ("state_templates",)
    STATE_TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    state_templates: _containers.RepeatedCompositeFieldContainer[StateTemplateCommand]
    def __init__(self, state_templates: _Optional[_Iterable[_Union[StateTemplateCommand, _Mapping]]] = ...) -> None: ...

class StateTemplateCommand(_message.Message):
    __slots__ = ("state_template_sync_id", "activate", "deactivate", "fetch_snapshot")
    STATE_TEMPLATE_SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVATE_FIELD_NUMBER: _ClassVar[int]
    DEACTIVATE_FIELD_NUMBER: _ClassVar[int]
    FETCH_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    state_template_sync_id: str
    activate: ActivateOperation
    deactivate: DeactivateOperation
    fetch_snapshot: FetchSnapshotOperation
    def __init__(self, state_template_sync_id: _Optional[str] = ..., activate: _Optional[_Union[ActivateOperation, _Mapping]] = ..., deactivate: _Optional[_Union[DeactivateOperation, _Mapping]] = ..., fetch_snapshot: _Optional[_Union[FetchSnapshotOperation, _Mapping]] = ...) -> None: ...

class ActivateOperation(_message.Message):
    __slots__ = ("deactivate_after_seconds",)
    DEACTIVATE_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    deactivate_after_seconds: int
    def __init__(self, deactivate_after_seconds: _Optional[int] = ...) -> None: ...

class DeactivateOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FetchSnapshotOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CommandResponse(_message.Message):
    __slots__ = ("status", "command_id", "reason_code", "reason_description")
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNSPECIFIED: _ClassVar[CommandResponse.Status]
        SUCCEEDED: _ClassVar[CommandResponse.Status]
        EXECUTION_TIMEOUT: _ClassVar[CommandResponse.Status]
        EXECUTION_FAILED: _ClassVar[CommandResponse.Status]
        IN_PROGRESS: _ClassVar[CommandResponse.Status]
    UNSPECIFIED: CommandResponse.Status
    SUCCEEDED: CommandResponse.Status
    EXECUTION_TIMEOUT: CommandResponse.Status
    EXECUTION_FAILED: CommandResponse.Status
    IN_PROGRESS: CommandResponse.Status
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    status: CommandResponse.Status
    command_id: str
    reason_code: int
    reason_description: str
    def __init__(self, status: _Optional[_Union[CommandResponse.Status, str]] = ..., command_id: _Optional[str] = ..., reason_code: _Optional[int] = ..., reason_description: _Optional[str] = ...) -> None: ...
