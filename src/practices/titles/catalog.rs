//! The catalog: families of products, their nouns, brands and details.

/// Products that share brands and details.
pub(super) struct Family {
    /// By frequency.
    pub brands: &'static str,
    /// Details in Spanish and Portuguese, `es=pt` where they differ, separated by commas.
    pub details: &'static str,
    /// The units of its sizes.
    pub units: &'static str,
    /// A product a line: `synonym/synonym|Portuguese/Portuguese`.
    pub nouns: &'static str,
}

/// Words that make a category of its own of a product, in Spanish and Portuguese; the first is empty.
pub(super) const KINDS: [(&str, &str); 6] = [
    ("", ""),
    ("para niños", "infantil"),
    ("profesional", "profissional"),
    ("antiguo", "antigo"),
    ("portátil", "portátil"),
    ("a medida", "sob medida"),
];

/// Words that say nothing about the product, `es=pt`.
pub(super) const FILLERS: &str = "oferta,nuevo=novo,original,envío gratis=frete grátis,12 cuotas=12x sem juros,garantía=garantia,\
importado,local a la calle=loja física,mercado pago,outlet,liquidación=liquidação,excelente calidad=ótima qualidade,\
full,con factura=com nota fiscal,stock disponible=em estoque,retiro en el día=pronta entrega,premium,🔥,⭐,x unidad=unidade,por mayor=atacado,\
único=único,el mejor precio=melhor preço,promo=promoção";

/// Colors, `es=pt`.
pub(super) const COLORS: &str = "negro=preto,blanco=branco,azul,rojo=vermelho,gris=cinza,verde,rosa,amarillo=amarelo,marrón=marrom,\
violeta=roxo,celeste=azul claro,beige=bege,dorado=dourado,plateado=prata,naranja=laranja,transparente";

pub(super) const FAMILIES: [Family; 24] = [
    Family {
        brands: "Samsung,Motorola,Xiaomi,Apple,LG,Huawei,Nokia,TCL,Alcatel,ZTE",
        details: "dual sim,liberado=desbloqueado,cámara=câmera,128gb,64gb,4g,5g,pantalla=tela,batería=bateria,rígida=rígida,silicona=silicone,antigolpes=anti impacto",
        units: "gb mah mp \"",
        nouns: "celular/smartphone/teléfono|celular/smartphone/telefone
funda de celular/carcasa/estuche|capa de celular/capinha/case
cargador de celular/cargador rápido/cargador|carregador de celular/carregador rápido/carregador
vidrio templado/film/protector de pantalla|película de vidro/película/protetor de tela
cable usb/cable tipo c/cable|cabo usb/cabo tipo c/cabo
auriculares/audífonos/manos libres|fone de ouvido/fones/headset
soporte de celular/holder/soporte|suporte de celular/suporte veicular/suporte
módulo de pantalla/display/módulo|display/módulo/frontal",
    },
    Family {
        brands: "HP,Lenovo,Dell,Asus,Acer,Logitech,Kingston,Genius,Redragon,Noganet",
        details: "inalámbrico=sem fio,usb,retroiluminado=retroiluminado,gamer,rgb,intel i5,ryzen 5,ssd,hdmi,full hd,ips,mecánico=mecânico",
        units: "gb tb hz \"",
        nouns: "notebook/laptop/computadora portátil|notebook/laptop/computador portátil
monitor/pantalla led/monitor gamer|monitor/tela led/monitor gamer
teclado/teclado mecánico/keyboard|teclado/teclado mecânico/keyboard
mouse/ratón/mouse gamer|mouse/mouse gamer/mouse óptico
disco sólido/ssd/disco rígido|ssd/disco sólido/hd
memoria ram/memoria/módulo ram|memória ram/memória/pente ram
impresora/multifunción/impresora láser|impressora/multifuncional/impressora laser
router/repetidor wifi/access point|roteador/repetidor wifi/access point",
    },
    Family {
        brands: "Nike,Adidas,Puma,Topper,Reebok,Fila,Converse,Vans,Asics,Olympikus",
        details: "running,urbano,mujer=feminino,hombre=masculino,unisex,cuero=couro,lona,talle 38=tam 38,talle 42=tam 42,suela=sola,deportivo=esportivo",
        units: "cm un",
        nouns: "zapatillas/tenis/zapas|tênis/sapatênis/tênis casual
botas/borcegos/botinetas|botas/coturno/bota
sandalias/ojotas/chatitas|sandálias/chinelo/rasteirinha
botines/botines de fútbol/tapones|chuteira/chuteiras/chuteira society
zapatos/mocasines/stilettos|sapatos/mocassim/scarpin
pantuflas/alpargatas/chinelas|pantufa/alpargata/chinela
medias/soquetes/calcetines|meias/soquete/meião
plantillas/plantillas ortopédicas/cordones|palmilhas/palmilha ortopédica/cadarço",
    },
    Family {
        brands: "Levi's,Zara,Wrangler,Kosiuko,Lacoste,Tommy,Gap,Cheeky,Mimo,Hering",
        details: "algodón=algodão,mujer=feminina,hombre=masculina,talle m=tam m,talle xl=tam gg,estampado,manga larga=manga longa,elastizado=com elastano,oversize,slim,verano=verão",
        units: "cm u",
        nouns: "remera/camiseta/playera|camiseta/blusinha/baby look
pantalón/jean/jogging|calça/jeans/calça moletom
campera/chaqueta/rompeviento|jaqueta/casaco/corta vento
buzo/canguro/sudadera|moletom/blusa de frio/casaco moletom
vestido/solera/enterito|vestido/macacão/vestido longo
camisa/blusa/chomba|camisa/blusa/polo
pollera/falda/short|saia/short saia/short
pijama/camisón/bata|pijama/camisola/roupão",
    },
    Family {
        brands: "Samsung,LG,Philips,Noblex,Sony,TCL,BGH,Hisense,Philco,Hitachi",
        details: "smart tv,4k,uhd,full hd,bluetooth,control remoto=controle remoto,hdmi,led,con wifi=com wifi,usb,netflix",
        units: "\" w hz",
        nouns: "televisor/smart tv/tv led|televisor/smart tv/tv led
parlante/parlante bluetooth/bafle|caixa de som/caixa bluetooth/alto falante
barra de sonido/soundbar/home theater|soundbar/barra de som/home theater
control remoto/control universal/mando|controle remoto/controle universal/controle tv
soporte de tv/soporte de pared/brazo móvil|suporte de tv/suporte de parede/suporte articulado
proyector/cañón/mini proyector|projetor/mini projetor/datashow
conversor smart/tv box/chromecast|tv box/conversor/chromecast
antena/antena digital/tda|antena/antena digital/antena externa",
    },
    Family {
        brands: "Whirlpool,Drean,Gafa,Electrolux,Patrick,Samsung,Longvie,Candy,Philco,Brastemp",
        details: "inverter,no frost=frost free,eficiencia a=eficiência a,acero inoxidable=aço inox,frío calor=quente frio,digital,carga frontal,carga superior,con freezer=com freezer",
        units: "lts kg w",
        nouns: "heladera/refrigerador/heladera con freezer|geladeira/refrigerador/frigobar
lavarropas/lavadora/lavarropas automático|lavadora/máquina de lavar/lava e seca
cocina/cocina a gas/horno|fogão/fogão a gás/forno
aire acondicionado/split/aire|ar condicionado/split/ar
microondas/horno microondas/microondas digital|micro-ondas/forno micro-ondas/microondas digital
termotanque/calefón/termotanque eléctrico|aquecedor/boiler/aquecedor elétrico
freezer/congelador/freezer horizontal|freezer/congelador/freezer horizontal
lavavajillas/lavaplatos/lavavajillas eléctrico|lava-louças/lava louças/lavadora de louças",
    },
    Family {
        brands: "Oster,Philips,Atma,Liliana,Peabody,Moulinex,Ultracomb,Smartlife,Mondial,Britânia",
        details: "vidrio=vidro,acero=aço,2 velocidades,vapor,filtro,potencia=potência,antiadherente=antiaderente,jarra,cuchillas=lâminas",
        units: "w ml l v",
        nouns: "licuadora/batidora de vaso/mixer|liquidificador/mixer/batedor
cafetera/cafetera express/máquina de café|cafeteira/cafeteira expresso/máquina de café
pava eléctrica/jarra eléctrica/hervidor|chaleira elétrica/jarra elétrica/chaleira
plancha/plancha a vapor/planchita|ferro de passar/ferro a vapor/ferro
aspiradora/robot aspirador/aspiradora de mano|aspirador/robô aspirador/aspirador de pó
tostadora/sandwichera/waflera|torradeira/sanduicheira/máquina de waffle
ventilador/turbo/ventilador de pie|ventilador/circulador/ventilador de mesa
freidora/freidora de aire/air fryer|fritadeira/air fryer/fritadeira elétrica",
    },
    Family {
        brands: "Tramontina,Essen,Rigolleau,Nadir,Volf,Carol,Hudson,Stanley,Contigo,Lumilagro",
        details: "acero inoxidable=aço inox,teflón=teflon,cerámica=cerâmica,madera=madeira,set=jogo,juego x 6=jogo 6 peças,tapa=tampa,mango=cabo,térmico=térmico",
        units: "cm ml l pcs",
        nouns: "olla/cacerola/hervidor|panela/caçarola/fervedor
sartén/wok/panquequera|frigideira/wok/panquequeira
termo/termo matero/botella térmica|garrafa térmica/térmica/cantil
mate/mate imperial/calabaza|cuia/cuia de chimarrão/cuia inox
cuchillos/cuchillo/set de cuchillos|facas/faca/jogo de facas
vasos/copas/vaso térmico|copos/taças/copo térmico
platos/vajilla/juego de platos|pratos/aparelho de jantar/jogo de pratos
fuente/asadera/molde|assadeira/travessa/forma",
    },
    Family {
        brands: "Bosch,Makita,Stanley,Black Decker,DeWalt,Einhell,Gamma,Lusqtoff,Skil,Bahco",
        details: "inalámbrico=sem fio,percutor=impacto,a batería=bateria,maletín=maleta,disco,brushless,reversible=reversível,velocidad variable=velocidade variável",
        units: "w v mm rpm",
        nouns: "taladro/atornillador/agujereadora|furadeira/parafusadeira/furadeira de impacto
amoladora/esmeril/amoladora angular|esmerilhadeira/esmeril/lixadeira angular
sierra/caladora/sierra circular|serra/tico-tico/serra circular
soldadora/soldadora inverter/electrodos|solda/inversora de solda/eletrodo
compresor/compresor de aire/inflador|compressor/compressor de ar/inflador
llaves/juego de llaves/tubos|chaves/jogo de chaves/soquetes
lijadora/lijadora orbital/pulidora|lixadeira/lixadeira orbital/politriz
hidrolavadora/lavadora a presión/hidro|lavadora de alta pressão/lava jato/hidrolavadora",
    },
    Family {
        brands: "Ford,Fiat,Volkswagen,Chevrolet,Renault,Peugeot,Toyota,Citroën,Honda,Nissan",
        details: "2015,2018,2012,delantero=dianteiro,trasero=traseiro,derecho=direito,izquierdo=esquerdo,kit,original,gol trend,corsa,palio,fiesta",
        units: "v w mm a",
        nouns: "amortiguador/espiral/cazoleta|amortecedor/mola/coxim
óptica/faro/lámpara led auto|farol/lanterna/lâmpada led carro
pastillas de freno/disco de freno/frenos|pastilha de freio/disco de freio/freio
batería de auto/batería 12v/acumulador|bateria de carro/bateria 12v/bateria automotiva
cubre asiento/funda de asiento/cubre volante|capa de banco/capa de volante/forro de banco
filtro de aceite/filtro de aire/kit filtros|filtro de óleo/filtro de ar/kit filtros
espejo/espejo retrovisor/retrovisor|espelho/retrovisor/espelho retrovisor
estéreo/autoestéreo/pantalla multimedia|som automotivo/auto rádio/central multimídia",
    },
    Family {
        brands: "Honda,Yamaha,Zanella,Bajaj,Motomel,Corven,Gilera,Suzuki,Kawasaki,LS2",
        details: "110,150,250cc,enduro,integral,rebatible=articulado,cross,wave,titan,tornado,impermeable=impermeável",
        units: "cc v mm",
        nouns: "casco/casco moto/casco integral|capacete/capacete moto/capacete integral
cubierta de moto/neumático moto/cámara moto|pneu de moto/pneu traseiro/câmara moto
guantes de moto/guantes/guante touring|luvas de moto/luvas/luva motoqueiro
escape/caño de escape/silenciador|escapamento/ponteira/silenciador
cadena y corona/kit transmisión/piñón|relação/kit transmissão/coroa e pinhão
baúl/maletero/alforjas|bauleto/baú/alforje
manubrio/puños/manillas|guidão/manoplas/manetes
parabrisas/cubre puños/slider|para-brisa/protetor de mão/slider",
    },
    Family {
        brands: "Shimano,Venzo,Raleigh,Vairo,Topmega,Firebird,GT,Trek,Caloi,Giro",
        details: "mtb,rodado 29=aro 29,rodado 26=aro 26,ruta=speed,21 velocidades=21 marchas,aluminio=alumínio,freno a disco=freio a disco,plegable=dobrável",
        units: "cm mm kg",
        nouns: "bicicleta/bici/mountain bike|bicicleta/bike/mountain bike
asiento de bicicleta/sillín/cubre asiento bici|selim/banco de bicicleta/capa selim
casco de ciclismo/casco bici/casco mtb|capacete ciclismo/capacete bike/capacete mtb
luz de bicicleta/luces led bici/farol bici|luz de bike/farol bike/sinalizador
bolso bicicleta/bolso bajo asiento/alforja bici|bolsa de bike/bolsa selim/alforje bike
cubierta de bicicleta/cámara bici/llanta bici|pneu de bike/câmara de ar bike/aro bike
candado/linga/candado u|cadeado/trava/cadeado u
inflador de bici/bomba de aire/inflador de pie|bomba de ar bike/bomba de pé/inflador bike",
    },
    Family {
        brands: "Mattel,Hasbro,Lego,Fisher Price,Playmobil,Rasti,Duravit,Vulcanita,Ditoys,Estrela",
        details: "didáctico=didático,madera=madeira,bebé=bebê,luces=luzes,sonido=som,articulado,3 años=3 anos,100 piezas=100 peças,princesas,superhéroes=super heróis",
        units: "cm pcs un",
        nouns: "muñeca/muñeco/bebote|boneca/boneco/bebê reborn
rompecabezas/puzzle/encastre|quebra-cabeça/puzzle/encaixe
juego de mesa/cartas/dados|jogo de tabuleiro/cartas/dados
bloques/ladrillos/construcción|blocos/blocos de montar/construção
auto a control remoto/autito/pista de autos|carrinho controle remoto/carrinho/pista
peluche/osito/almohadón peluche|pelúcia/ursinho/bicho de pelúcia
pelota/pelotero/pelota saltarina|bola/piscina de bolinhas/bola pula pula
triciclo/monopatín/pata pata|triciclo/patinete/andador",
    },
    Family {
        brands: "Chicco,Graco,Pampers,Huggies,Avent,Nuk,Infanti,Bebesit,Dispita,Love",
        details: "recién nacido=recém nascido,unisex,plegable=dobrável,0 a 6 meses,algodón=algodão,hipoalergénico=hipoalergênico,talle g=tam g,antialérgico=antialérgico",
        units: "ml kg un cm",
        nouns: "cochecito/carrito de bebé/coche paseo|carrinho de bebê/carrinho/carrinho passeio
pañales/pañal/calzones|fraldas/fralda/fralda calça
mamadera/biberón/vaso antiderrame|mamadeira/copo treinamento/copo antivazamento
cuna/practicuna/moisés|berço/berço portátil/moisés
butaca/huevito/silla de auto|cadeirinha/bebê conforto/cadeira auto
body/ajuar/enterito de bebé|body/enxoval/macacão de bebê
chupete/mordillo/porta chupete|chupeta/mordedor/prendedor de chupeta
silla de comer/sillita/mecedora bebé|cadeira de alimentação/cadeirão/cadeira de balanço",
    },
    Family {
        brands: "Simmons,Piero,Cannon,La Espuma,Arredo,Fiberball,Palette,Franco Valente,Ortobom,Karsten",
        details: "2 plazas=casal,1 plaza=solteiro,queen,king,resortes=molas,espuma,algodón=algodão,144 hilos=144 fios,alta densidad=alta densidade,reversible=dupla face",
        units: "cm kg",
        nouns: "colchón/sommier/colchoneta|colchão/cama box/colchonete
sábanas/juego de sábanas/ajustable|lençol/jogo de lençol/lençol com elástico
almohada/almohadón/relleno|travesseiro/almofada/enchimento
acolchado/cubrecama/edredón|edredom/colcha/cobre leito
cortinas/blackout/cortina roller|cortinas/blackout/persiana rolo
toallas/toallón/juego de toalla|toalhas/toalha de banho/jogo de toalha
alfombra/carpeta/camino|tapete/carpete/passadeira
frazada/manta/polar|cobertor/manta/microfibra",
    },
    Family {
        brands: "Mosconi,Centro Estant,Orlandi,Ricchezze,Fiplasto,Reliable,Tables,Colombraro,Madesa,Politorno",
        details: "melamina=mdf,madera=madeira,pino,industrial,3 cajones=3 gavetas,2 puertas=2 portas,nórdico=nórdico,extensible=extensível,tapizado=estofado,ruedas=rodízios",
        units: "cm kg",
        nouns: "mesa/mesa ratona/mesa comedor|mesa/mesa de centro/mesa de jantar
silla/silla escritorio/sillas comedor|cadeira/cadeira escritório/cadeiras jantar
placard/ropero/armario|guarda-roupa/roupeiro/armário
sillón/sofá/futón|poltrona/sofá/futon
escritorio/mesa de pc/escritorio gamer|escrivaninha/mesa de computador/mesa gamer
biblioteca/estante/repisa|estante/prateleira/nicho
cama/marinera/respaldo|cama/bicama/cabeceira
rack tv/mesa de tv/modular|rack tv/painel de tv/modular",
    },
    Family {
        brands: "Philips,Osram,Sica,Macroled,Candela,Ferrolux,Interelec,Lumenac,Taschibra,Intral",
        details: "led,luz fría=luz fria,luz cálida=luz quente,e27,dicroica=dicroica,solar,exterior=externo,empotrable=embutir,colgante=pendente,regulable=dimerizável",
        units: "w v cm m",
        nouns: "lámpara/foco/bombilla|lâmpada/bulbo/lâmpada led
velador/lámpara de mesa/aplique|abajur/luminária de mesa/arandela
reflector/proyector led/reflector solar|refletor/holofote/refletor solar
tira led/cinta led/manguera led|fita led/fita rgb/mangueira led
plafón/panel led/araña|plafon/painel led/lustre
cable unipolar/prolongador/zapatilla eléctrica|fio/extensão/filtro de linha
tomacorriente/llave de luz/enchufe|tomada/interruptor/plugue
térmica/disyuntor/tablero|disjuntor/dr/quadro de distribuição",
    },
    Family {
        brands: "L'Oréal,Maybelline,Avon,Natura,Nivea,Revlon,Pantene,Dove,Vichy,Eudora",
        details: "mate=matte,natural,hidratante,piel seca=pele seca,cabello=cabelo,larga duración=longa duração,sin parabenos=sem parabenos,n 21,spf 50,vitamina c",
        units: "ml g un",
        nouns: "shampoo/acondicionador/champú|shampoo/condicionador/xampu
perfume/colonia/eau de toilette|perfume/colônia/eau de toilette
crema/crema hidratante/loción|creme/hidratante/loção
labial/lápiz labial/gloss|batom/lápis labial/gloss
base de maquillaje/polvo/corrector|base/pó compacto/corretivo
esmalte/esmalte semipermanente/removedor|esmalte/esmalte em gel/removedor
tintura/decolorante/oxidante|tintura/descolorante/água oxigenada
planchita de pelo/secador/buclera|chapinha/secador/modelador",
    },
    Family {
        brands: "Pedigree,Royal Canin,Pro Plan,Dog Chow,Whiskas,Eukanuba,Old Prince,Sabrositos,Golden,Premier",
        details: "perro=cachorro,gato,adulto,raza pequeña=raça pequena,grande,impermeable=impermeável,talle 3=tam 3,castrado,pollo=frango,lavable=lavável",
        units: "kg g cm",
        nouns: "alimento balanceado/alimento/croquetas|ração/alimento/petisco
correa/collar/pretal|guia/coleira/peitoral
cucha/cama de mascota/moisés mascota|casinha/cama pet/caminha
piedras sanitarias/arena/bandeja sanitaria|areia higiênica/areia/bandeja higiênica
comedero/bebedero/dispensador|comedouro/bebedouro/dispenser
pipeta/antipulgas/talco|antipulgas/pipeta/talco pet
rascador/juguete de gato/pelota mascota|arranhador/brinquedo de gato/bolinha pet
pecera/filtro de acuario/acuario|aquário/filtro de aquário/tanque",
    },
    Family {
        brands: "Everlast,Wilson,Penalty,Speedo,Head,Babolat,Kappa,Umbro,Mikasa,Drb",
        details: "profesional=profissional,cuero=couro,n 5,talle l=tam g,adulto,gimnasio=academia,antideslizante=antiderrapante,regulable=ajustável,neoprene",
        units: "kg cm mm",
        nouns: "mancuernas/pesas/discos|halteres/pesos/anilhas
colchoneta de gimnasia/mat de yoga/mat|colchonete/tapete de yoga/tatame
pelota de fútbol/balón/pelota n5|bola de futebol/bola campo/bola society
raqueta/paleta/raqueta de tenis|raquete/raquete de beach tennis/raquete de tênis
guantes de boxeo/bolsa de boxeo/vendas|luva de boxe/saco de pancada/bandagem
cinta de correr/bicicleta fija/elíptico|esteira/bicicleta ergométrica/elíptico
antiparras/gorra de natación/malla|óculos de natação/touca/maiô
guantes de gimnasio/faja/muñequera|luva de academia/cinta/munhequeira",
    },
    Family {
        brands: "Coleman,Doite,Waterdog,National Geographic,Shimano,Marine Sports,Spinit,Caster,Nautika,NTK",
        details: "4 personas=4 pessoas,impermeable=impermeável,camping,pesca,telescópica=telescópica,inflable=inflável,-10 grados=-10 graus,ultraliviana=ultraleve",
        units: "m l kg lts",
        nouns: "carpa/iglú/gazebo|barraca/iglu/gazebo
bolsa de dormir/saco de dormir/aislante|saco de dormir/isolante térmico/colchonete camping
caña de pescar/combo de pesca/caña|vara de pesca/kit pesca/vara
reel/reel frontal/rotativo|molinete/carretilha/molinete frontal
linterna/linterna led/vincha led|lanterna/lanterna led/lanterna de cabeça
conservadora/heladerita/cooler|caixa térmica/cooler/bolsa térmica
mochila/mochila de trekking/morral|mochila/mochila de trilha/bornal
kayak/gomón/chaleco salvavidas|caiaque/bote/colete salva-vidas",
    },
    Family {
        brands: "Casio,Citizen,Festina,Seiko,Fossil,Swatch,Ray-Ban,Guess,Champion,Technos",
        details: "mujer=feminino,hombre=masculino,acero=aço,cuarzo=quartzo,sumergible=à prova d'água,plata 925=prata 925,oro 18k=ouro 18k,polarizado,digital",
        units: "mm cm m",
        nouns: "reloj/reloj pulsera/smartwatch|relógio/relógio de pulso/smartwatch
anteojos de sol/lentes/gafas|óculos de sol/óculos/armação
anillo/alianzas/cintillo|anel/alianças/aliança
aros/argollas/abridores|brincos/argola/piercing
cadena/collar/gargantilla|corrente/colar/gargantilha
pulsera/esclava/tobillera|pulseira/bracelete/tornozeleira
cartera/bandolera/bolso|bolsa/bolsa transversal/carteira feminina
billetera/monedero/tarjetero|carteira/porta moedas/porta cartão",
    },
    Family {
        brands: "Gibson,Fender,Yamaha,Casio,Korg,Behringer,Ibanez,Parquer,Tagima,Giannini",
        details: "electroacústica=eletroacústico,clásica=clássico,6 cuerdas=6 cordas,61 teclas,con funda=com capa,usb,amplificado,midi,estudio=estúdio",
        units: "w cm",
        nouns: "guitarra/guitarra criolla/guitarra eléctrica|guitarra/violão/guitarra elétrica
teclado musical/órgano/piano digital|teclado musical/órgão/piano digital
batería musical/redoblante/platillo|bateria musical/caixa/prato
micrófono/micrófono inalámbrico/condenser|microfone/microfone sem fio/condensador
placa de sonido/interfaz de audio/consola|placa de som/interface de áudio/mesa de som
cuerdas/encordado/púas|cordas/encordoamento/palhetas
amplificador/equipo de guitarra/cabezal|amplificador/caixa amplificada/cabeçote
flauta/armónica/ukelele|flauta/gaita/ukulele",
    },
    Family {
        brands: "Nescafé,Taragüí,Arcor,Havanna,La Virginia,Cachafaz,Starbucks,Playadito,Melitta,Pilão",
        details: "sin azúcar=sem açúcar,sin tacc=sem glúten,orgánico=orgânico,pack x 6=pack com 6,suave,intenso,molido=moído,en grano=em grãos,chocolate,vainilla=baunilha",
        units: "g kg ml lt un",
        nouns: "café/cápsulas/café molido|café/cápsulas/café moído
yerba mate/yerba/yerba orgánica|erva-mate/erva/chimarrão
té/infusión/saquitos|chá/infusão/sachês
alfajores/bombones/galletitas|alfajor/bombons/biscoitos
vino/malbec/espumante|vinho/malbec/espumante
aceite de oliva/aceite/vinagre|azeite/óleo/vinagre
proteína/whey/creatina|proteína/whey/creatina
miel/mermelada/dulce de leche|mel/geleia/doce de leite",
    },
];
