#!/bin/sh
# A server of the Model Context Protocol that does what its first argument says, for good or ill.
mode=$1
asked=0
first=
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
refuse() { printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32602,"message":"%s"}}\n' "$id" "$1"; }
tool() { printf '{"name":"%s","description":"%s","inputSchema":{"type":"object"}}' "$1" "$2"; }
echo $$ >pid

while IFS= read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9][0-9]*\).*/\1/p')
    case $line in
    *'"method":"initialize"'*)
        case $mode in
        silent) continue ;;
        dies) echo "no such key: $SECRET" >&2 && exit 3 ;;
        garbage) printf 'Starting...\n{"jsonrpc":\n[]\n{"a":1}\n\000\377\n' ;;
        large) head -c 16000000 /dev/zero | tr '\0' x && echo ;;
        huge) head -c 50000000 /dev/zero | tr '\0' x && echo && echo all >sent ;;
        unending) head -c 1000000000 /dev/zero | tr '\0' x && echo all >sent && sleep 60 ;;
        floods) head -c 5000000 /dev/zero | tr '\0' e >&2 ;;
        early) echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}' ;;
        modern | refuses) refuse 'no "such" greeting' | sed 's/"such"/such/' && continue ;;
        strange) answer '{"tools":[]}' && continue ;;
        esac
        answer '{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"odd","version":"1.2"}}'
        ;;
    *'"method":"server/discover"'*)
        case $mode in
        modern) answer '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"new","version":"3"}}}' ;;
        *) refuse 'and none of those either' ;;
        esac
        ;;
    *'"method":"tools/list"'*)
        asked=$((asked + 1))
        case $mode in
        endless) answer "{\"tools\":[$(tool "t$asked" '')],\"nextCursor\":\"more\"}" ;;
        wordy) answer "{\"tools\":[$(tool "t$asked" "$(head -c 1000000 /dev/zero | tr '\0' x)")],\"nextCursor\":\"more\"}" ;;
        twice) answer "{\"tools\":[$(tool a ''),$(tool a '')]}" ;;
        other) answer "{\"tools\":[$(tool look 'Looks, and tells the keys.')]}" ;;
        nonsense) answer '{"tools":"none"}' ;;
        pages)
            case $line in
            *'"cursor":"2"'*) answer "{\"tools\":[$(tool b Second.)]}" ;;
            *) answer "{\"tools\":[$(tool a First.)],\"nextCursor\":\"2\"}" ;;
            esac
            ;;
        *) answer "{\"tools\":[$(tool look "Looks, as it did $asked times.")],\"resultType\":\"complete\"}" ;;
        esac
        ;;
    *'"method":"tools/call"'*)
        printf '%s' "$line" >called
        case $mode in
        hangs) echo 'waiting for the moon' >&2 ;;
        crossed)
            number=$(printf '%s' "$line" | sed -n 's/.*"n":\([0-9]*\).*/\1/p')
            [ -z "$first" ] && first=$id && before=$number && continue
            answer "{\"content\":[{\"type\":\"text\",\"text\":\"it was $number\"}]}"
            id=$first
            answer "{\"content\":[{\"type\":\"text\",\"text\":\"it was $before\"}]}"
            ;;
        leaves) echo 'out of memory' >&2 && exit 7 ;;
        closes) exec >&- && sleep 60 ;;
        bursts) head -c 50000000 /dev/zero | tr '\0' x && echo && sleep 60 ;;
        chatty)
            i=0
            while [ $i -lt 2000 ]; do
                echo '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"so"}}'
                echo '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0,"progress":1}}'
                i=$((i + 1))
            done
            echo '{"jsonrpc":"2.0","id":999,"result":{"content":[]}}'
            echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
            answer '{"content":[{"type":"text","text":"at last"}]}'
            ;;
        fails) answer '{"content":[{"type":"text","text":"it is dark"}],"isError":true}' ;;
        unknown) refuse 'there is no such tool' ;;
        tells) answer "{\"content\":[{\"type\":\"text\",\"text\":\"$(env | cut -d= -f1 | sort | tr '\n' ' ')\"}]}" ;;
        *) answer '{"content":[{"type":"text","text":"seen"}],"resultType":"complete"}' ;;
        esac
        ;;
    *'"method":"notifications/cancelled"'*) printf '%s' "$line" >cancelled ;;
    esac
done
